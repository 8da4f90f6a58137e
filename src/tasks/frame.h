/* Frames: what a task worker's main process and its children say to one another over a socketpair: a head and texts, each with its length before it. Both are forks of
 * one program, so numbers travel as they lie in memory.
 * Thread rule: one thread a buffer. */
#pragma once
#include "base/buffer.h"

typedef enum cito_frame_kind {
    CITO_FRAME_RUN = 1, /* to the child: envelope */
    CITO_FRAME_STATE,   /* from here on to the main process. The task says where it stands: state, meta as JSON */
    CITO_FRAME_SENT,    /* the task has sent another: its id */
    CITO_FRAME_SUCCESS, /* the result as JSON */
    CITO_FRAME_FAILURE, /* {"exc_type", "exc_message", "exc_module"}, traceback */
    CITO_FRAME_RETRY    /* the same two; number: seconds until then */
} cito_frame_kind;

typedef struct cito_frame {
    uint32_t size; /* of the whole, this head included */
    uint8_t kind, flags, text_count;
    uint32_t task; /* RUN: its index among all tasks */
    double number; /* RUN: the soft time limit, 0: none; RETRY: the countdown */
} cito_frame;
enum {
    CITO_FRAME_HAS_LINKS = 1, /* SUCCESS, FAILURE: the body names callbacks, errbacks or a chain, so the main process must read it */
    CITO_FRAME_BODY_UNFIT = 2 /* FAILURE: the body is no task's: nothing to store, the message is dropped */
};

/* Appends a frame. The head's size and text_count are filled in. */
void cito_frame_write(cito_buffer *, cito_frame, const cito_str *texts, unsigned count);
/* The first whole frame of these bytes: gives its size, 0 where it is not complete yet. Texts are slices of the bytes, each with a NUL behind it; those that
 * the frame lacks are empty. */
size_t cito_frame_read(const char *bytes, size_t len, cito_frame *out_head, cito_str *out_texts, unsigned count);
