/* Redis envelope: what the broker must read or change in a message's text without understanding the rest of it, which stays as its sender wrote it.
 * Thread rule: any. Source: kombu's virtual transport; facts on Celery 2. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"

enum { CITO_REDIS_STEPS = 4 };
/* 0 … 3: the list of a priority: steps 0, 3, 6, 9, the largest one not above it. */
unsigned cito_redis_step_of(int priority);
/* The list of a queue at that step: the queue's name, and but for step 0 the bytes 06 16 and the step. */
cito_str cito_redis_list_name(cito_arena *, cito_str queue, unsigned step);
/* A member of a binding set: routing key, pattern, queue. */
cito_str cito_redis_binding(cito_arena *, cito_str routing_key, cito_str pattern, cito_str queue);

/* Appends the envelope with headers.redelivered and properties.delivery_info.redelivered true, and gives its priority (0 where it has none). Text that is no
 * envelope is appended as it is. */
void cito_redis_envelope_redeliver(cito_str envelope, cito_arena *scratch, cito_buffer *, int *out_priority);
/* Where the value of properties.delivery_tag stands in the text, without its quotation marks. false: nowhere. */
bool cito_redis_envelope_find_tag(cito_str envelope, size_t *out_start, size_t *out_len);
/* The parts of an entry of `unacked`: [envelope, exchange, routing key]. The envelope is a slice of the text, the others lie in the arena. false: it is none. */
bool cito_redis_entry_read(cito_str entry, cito_arena *, cito_str *out_envelope, cito_str *out_exchange, cito_str *out_routing_key);
/* Whether a binding's member takes a routing key, as its own or, where it has words * (one word) and # (any number), as a topic; *out_queue is a slice of it. */
bool cito_redis_binding_takes(cito_str member, cito_str routing_key, cito_str *out_queue);
