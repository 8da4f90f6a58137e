/* Redis reply: what the server answered, as a tree in an arena; and the reader that makes it of bytes (hiredis').
 * Thread rule: as their owner. Source: Redis serialization protocol, version 2. */
#pragma once
#include "base/arena.h"

typedef enum cito_redis_kind {
    CITO_REDIS_NIL,
    CITO_REDIS_INTEGER,
    CITO_REDIS_STRING,
    CITO_REDIS_STATUS,
    CITO_REDIS_ERROR,
    CITO_REDIS_ARRAY
} cito_redis_kind;

typedef struct cito_redis_reply {
    cito_redis_kind kind;
    int64_t integer;
    cito_str text; /* STRING, STATUS, ERROR; with a NUL behind it */
    size_t count;  /* of elements */
    const struct cito_redis_reply **elements;
} cito_redis_reply;

typedef struct cito_redis_reader cito_redis_reader;
cito_redis_reader *cito_redis_reader_new(void);
void cito_redis_reader_free(cito_redis_reader *);
void cito_redis_reader_feed(cito_redis_reader *, const char *data, size_t len);
/* The next whole reply, valid until the next call; *out_reply NULL: more bytes are needed. false: what arrived is not Redis' protocol. */
bool cito_redis_reader_next(cito_redis_reader *, const cito_redis_reply **out_reply);
/* A copy in the arena. */
const cito_redis_reply *cito_redis_reply_copy(const cito_redis_reply *, cito_arena *);
/* The element at that place; one of kind NIL where there is none. */
const cito_redis_reply *cito_redis_reply_at(const cito_redis_reply *, size_t index);
