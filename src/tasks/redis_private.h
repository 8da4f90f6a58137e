/* The connection's struct, for redis_connection.c (socket, greeting, health) and redis_pipeline.c (commands and replies) only. Thread rule: the loop's thread. */
#pragma once
#include "base/buffer.h"
#include "tasks/redis_connection.h"

typedef enum cito_redis_state {
    CITO_REDIS_DOWN, /* is_waiting: the timer will connect */
    CITO_REDIS_RESOLVING,
    CITO_REDIS_CONNECTING,
    CITO_REDIS_GREETING,
    CITO_REDIS_UP,
    CITO_REDIS_CLOSED
} cito_redis_state;

/* A command whose reply is not here yet. Its bytes stay in `out` until then, to be sent again. */
typedef struct cito_redis_entry {
    cito_redis_done *done;
    void *data;
    size_t len; /* of its bytes */
    unsigned tries;
    cito_redis_script *script; /* EVALSHA: what to load where Redis does not know it */
    bool was_loaded;
} cito_redis_entry;

typedef struct cito_redis_call cito_redis_call_node;

struct cito_redis {
    cito_loop *loop;
    cito_redis_url url; /* its strings in the arena */
    cito_redis_events events;
    cito_arena arena;
    cito_redis_state state;
    bool kept_up, is_waiting, is_resolving, was_pinged, wake_armed;
    int fd, watched;     /* watched: for which events of the socket the loop looks */
    unsigned generation; /* of the socket */
    unsigned greetings_left, attempts, handles;
    uint64_t back_off_ms, heard_ms, due_ms; /* due_ms: since when a reply is due */
    int64_t client_id;
    uv_poll_t *poll;
    uv_timer_t timer; /* back-off, connecting, health */
    uv_check_t check; /* writes after the loop has handled what came in */
    uv_idle_t idle;   /* so that the loop does not wait before that */
    unsigned callers; /* coroutines that wait for a reply */
    cito_spin spin;
    uv_getaddrinfo_t resolving;
    cito_redis_reader *reader;
    /* out.data[head … len): commands without a reply; [sent … len): not sent. */
    cito_buffer out;
    size_t head, sent, begun;
    cito_redis_script *begun_script;
    cito_redis_entry *entries; /* a ring; capacity a power of two */
    size_t first, count, capacity;
    cito_redis_call_node *spare_calls;
    void (*closed)(void *data);
    void *closed_data;
    char error[300];
};

void cito_redis_write(cito_buffer *, size_t count, const cito_str *args);
void cito_redis_lost(cito_redis *, const char *error);
/* The loop looks for these events of the socket; the same as before costs nothing. */
void cito_redis_watch(cito_redis *, int events);
void cito_redis_timer_fired(uv_timer_t *);
void cito_redis_connect_if_down(cito_redis *);

void cito_redis_pipeline_init(cito_redis *), cito_redis_pipeline_finish(cito_redis *);
void cito_redis_pipeline_reply(cito_redis *, const cito_redis_reply *);
/* Tells those whose tries are spent (all, where it is closed); the others are sent again. */
void cito_redis_pipeline_lost(cito_redis *, const char *error);
