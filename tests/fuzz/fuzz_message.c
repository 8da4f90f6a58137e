/* Messages: whatever lies in the queue is a message or a text; a message that was read is written and read again as the same. */
#include "tasks/message.h"
#include "tasks/message_names.h"
#include "tasks/repr.h"
#include "exact_copy.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_body(const cito_message *message, cito_arena *arena)
{
    cito_message_body body;
    const char *error = cito_message_read_body(message, arena, &body);
    require(!error || *error);
    if (error || cito_kombu_values_resolve(&body.args, arena))
        return;
    cito_buffer repr;
    cito_buffer_init(&repr);
    cito_repr_write_tuple(body.args, CITO_REPR_MAX, &repr);
    require(repr.len <= CITO_REPR_MAX);
    cito_buffer_finish(&repr);
}

static void check_again(const cito_message *message, cito_arena *arena)
{
    cito_buffer envelope;
    cito_buffer_init(&envelope);
    cito_message_write_envelope(message, &envelope);
    *cito_buffer_reserve(&envelope, 1) = 0;
    cito_message again;
    require(!cito_message_read_envelope((cito_str){ envelope.data, envelope.len }, arena, &again));
    require(cito_same(message->id, again.id) && cito_same(message->task, again.task) && cito_same(message->body, again.body));
    require(message->retries == again.retries && message->priority == again.priority && message->redelivered == again.redelivered);
    cito_buffer_finish(&envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cito_arena arena;
    cito_arena_init(&arena, 0);
    char *copy = exact_copy(data, size);
    cito_message message;
    const char *error = cito_message_read_envelope((cito_str){ copy, size }, &arena, &message);
    require(!error || *error);
    if (!error) {
        check_body(&message, &arena);
        check_again(&message, &arena);
    }
    cito_arena_finish(&arena);
    free(copy);
    return 0;
}
