/* Messages: a task on the wire, Celery's message protocol 2. Headers say everything that routing, revoking and expiry need; the body is [args, kwargs, embed].
 * Thread rule: any; a message lives in an arena. Source: Celery's "Message Protocol", facts on Celery 1. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include <cito/tasks.h>

typedef struct cito_message {
    cito_str task, id, shadow, root_id, parent_id, group, origin, argsrepr, kwargsrepr; /* data NULL: null */
    int64_t group_index;                                                                /* -1: null */
    int retries;
    double eta, expires;                /* seconds since 1970; 0: none */
    double time_limit, soft_time_limit; /* 0: none */
    int ignore_result;                  /* -1: null */
    int priority;
    cito_str correlation_id, reply_to, delivery_tag, exchange, routing_key, content_type, content_encoding, compression;
    bool redelivered;
    const cito_value *headers, *properties; /* everything as received, custom ones too */
    cito_str body;                          /* decoded from base64 and decompressed: JSON text */
} cito_message;

/* The body's parts. */
typedef struct cito_message_body {
    const cito_value *args, *kwargs, *callbacks, *errbacks, *chain, *chord; /* chain: last first */
} cito_message_body;

/* A new message for a callable: ids made, args encoded by their schema as positional arguments. */
void cito_message_init(cito_message *, cito_arena *, const char *task);
/* Headers object, properties object and body text, as AMQP needs them apart; kombu's envelope for Redis and SQLite is both and the body in base64. */
void cito_message_write_headers(const cito_message *, cito_buffer *), cito_message_write_properties(const cito_message *, cito_buffer *);
void cito_message_write_envelope(const cito_message *, cito_buffer *);
/* NULL, or what is wrong with it: then it is logged, acknowledged and dropped, never more. Protocol 1 is read too. */
const char *cito_message_read_envelope(cito_str envelope, cito_arena *, cito_message *out_message);
const char *cito_message_read_body(const cito_message *, cito_arena *, cito_message_body *out_body);
/* 36 characters of a random UUID (version 4). */
cito_str cito_uuid_make(cito_arena *);
