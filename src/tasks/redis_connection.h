/* Redis connection: commands of many callers leave in one write per turn of the loop; each reply goes to its callback, or wakes the coroutine that waits for it.
 * Connects when first used, and again, with back-off, while there is something to send or it is to be kept up.
 *
 * Thread rule: the loop's thread. Replies are valid during their callback only. Callbacks run on the loop's own stack, outside of any coroutine, and may send.
 * Source: Redis protocol (RESP 2), "Pipelining", EVALSHA, "Client-side caching". */
#pragma once
#include "loop/loop.h"
#include "tasks/redis_reply.h"
#include "tasks/redis_script.h"
#include "tasks/redis_url.h"

typedef struct cito_redis cito_redis;

/* reply NULL: the command failed with its connection, error says why. An error of Redis' own is a reply of that kind, and error is its text; else error is NULL. */
typedef void cito_redis_done(void *data, const cito_redis_reply *reply, const char *error);

typedef struct cito_redis_events {
    void *data;
    void (*up)(void *data);                      /* connected, logged in, database selected; may be NULL, as all here */
    void (*down)(void *data, const char *error); /* the connection is lost, or could not be made */
    void (*before_write)(void *data);            /* once per write: the last moment to add what was gathered */
    void (*push)(
        void *data,
        const cito_redis_reply
            *); /* makes it a pub/sub connection: everything that arrives; commands get no replies and are dropped while it is down */
} cito_redis_events;

/* How many lost connections or failed attempts a command outlives before its callback is told. */
enum { CITO_REDIS_ONCE = 0, CITO_REDIS_TRIES = 3 };
#define CITO_REDIS_FOR_EVER 1000000000u

cito_redis *cito_redis_new(cito_loop *, const cito_redis_url *, const cito_redis_events *);
/* Closes it; callbacks that wait are told so first. closed(data), which may be NULL, when its memory is gone, in a later turn of the loop. */
void cito_redis_free(cito_redis *, void (*closed)(void *data), void *data);
/* Connects now, and again whenever the connection is lost. */
void cito_redis_keep_up(cito_redis *);
bool cito_redis_is_up(const cito_redis *);
/* Whether replies are due. */
bool cito_redis_is_busy(const cito_redis *);
/* CLIENT ID of the connection that is up. */
int64_t cito_redis_client_id(const cito_redis *);
/* before_write is called and what is gathered is sent, soon. */
void cito_redis_wake(cito_redis *);
/* Sends what is there now, where the connection is up: before something else happens that is to find it done. */
void cito_redis_flush(cito_redis *);

/* A command of count arguments. done may be NULL. */
void cito_redis_send(cito_redis *, unsigned tries, cito_redis_done *, void *data, size_t count, const cito_str *args);
/* A script: keys first. Where Redis does not know it, it is loaded and called again. */
void cito_redis_eval(cito_redis *, unsigned tries, cito_redis_done *, void *data, cito_redis_script *, size_t key_count, size_t count,
                     const cito_str *args);
/* The same for a coroutine: suspends until the reply is here and gives it in the arena (NULL: the context's). The text of what went wrong lies there too. */
const char *cito_redis_call(cito_redis *, unsigned tries, cito_arena *, const cito_redis_reply **out_reply, size_t count,
                            const cito_str *args);
const char *cito_redis_call_eval(cito_redis *, unsigned tries, cito_arena *, const cito_redis_reply **out_reply, cito_redis_script *,
                                 size_t key_count, size_t count, const cito_str *args);
/* A text that ends in a NUL as an argument. */
cito_str cito_redis_chars(const char *);
/* Arguments as a list: CITO_REDIS_ARGS(CITO_STR("GET"), key). */
#define CITO_REDIS_ARGS(...)                                                                                                               \
    (sizeof((cito_str[]){ __VA_ARGS__ }) / sizeof(cito_str)), (cito_str[]) { __VA_ARGS__ }

/* A command whose arguments are many: their number first, then each. */
void cito_redis_begin(cito_redis *, size_t count);
void cito_redis_add(cito_redis *, cito_str);
void cito_redis_end(cito_redis *, unsigned tries, cito_redis_done *, void *data);
