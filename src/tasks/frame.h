/* Frames: what a task worker's main process and its children say to one another over a socketpair: a head and texts, each with its length before it. Both are forks of
 * one program, so numbers travel as they lie in memory. A RUN holds the messages of one call, one or a batch; each is ended by a frame of its own, which names its place.
 * Thread rule: one thread a buffer. */
#pragma once
#include "base/buffer.h"

typedef enum cito_frame_kind {
    CITO_FRAME_RUN = 1, /* to the child: the envelopes */
    CITO_FRAME_STATE,   /* from here on to the main process. The task says where it stands: state, meta as JSON */
    CITO_FRAME_SENT,    /* the task has sent another: its id */
    CITO_FRAME_SUCCESS, /* the result as JSON */
    CITO_FRAME_FAILURE, /* {"exc_type", "exc_message", "exc_module"}, traceback */
    CITO_FRAME_RETRY    /* the same two; number: seconds until then */
} cito_frame_kind;

typedef struct cito_frame {
    uint32_t size; /* of the whole, this head included */
    uint8_t kind, flags;
    uint16_t text_count;
    uint32_t task;  /* RUN: its index among all tasks */
    uint32_t place; /* of the others: which of the RUN's messages they speak of, from 0 */
    double number;  /* RUN: the soft time limit, 0: none; RETRY: the countdown */
} cito_frame;
enum {
    CITO_FRAME_HAS_LINKS = 1, /* SUCCESS, FAILURE: the body names callbacks, errbacks or a chain, so the main process must read it */
    CITO_FRAME_BODY_UNFIT = 2 /* FAILURE: the body is no task's: nothing to store, the message is dropped */
};

/* What a text needs beside itself: its length and a NUL. */
enum { CITO_FRAME_TEXT_EXTRA = sizeof(uint32_t) + 1 };

/* Appends a frame. The head's size and text_count are filled in. */
void cito_frame_write(cito_buffer *, cito_frame, const cito_str *texts, unsigned count);
/* The same in steps: where it begins, its texts, its end, which fills them in. At most UINT16_MAX texts. */
size_t cito_frame_begin(cito_buffer *, cito_frame);
void cito_frame_add(cito_buffer *, cito_str text);
void cito_frame_end(cito_buffer *, size_t begin, unsigned count);
/* The first whole frame of these bytes: gives its size, 0 where it is not complete yet. Texts are slices of the bytes, each with a NUL behind it; those that
 * the frame lacks are empty. */
size_t cito_frame_read(const char *bytes, size_t len, cito_frame *out_head, cito_str *out_texts, unsigned count);
/* The texts of a whole frame, of which only the head was read. */
void cito_frame_texts(const char *bytes, const cito_frame *head, cito_str *out_texts, unsigned count);
