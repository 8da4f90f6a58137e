/* ./app inspect METHOD [NAME=JSON …] and ./app control METHOD [NAME=JSON …]: a command to the workers of the program's broker, Celery's included, and their answers.
 *
 * Threading: main's, in a coroutine. */
#include "base/log.h"
#include "cli/option.h"
#include "cli/task_worker.h"
#include "json/value.h"
#include "json/writer.h"
#include "tasks/base64.h"
#include "tasks/message.h"
#include "tasks/task.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct inquiry {
    const char *broker_url, *destination;
    unsigned timeout_ms;
    bool json;
    const char *method;
    char **arguments;
    int argument_count;
    cito_loop *loop;
    unsigned reply_count;
    int code;
} inquiry;

static const cito_option options[] = {
    { "broker", "b", CITO_OPTION_TEXT, offsetof(inquiry, broker_url), "URL", "in place of the program's" },
    { "destination", "d", CITO_OPTION_TEXT, offsetof(inquiry, destination), "A,B", "names of the workers that are asked (all)" },
    { "timeout", "t", CITO_OPTION_SECONDS, offsetof(inquiry, timeout_ms), "SECONDS", "answers are waited for that long (1)" },
    { "json", "j", CITO_OPTION_FLAG, offsetof(inquiry, json), NULL, "an object, a line for each worker" },
    { 0 },
};

static void write_destination(const inquiry *ask, cito_buffer *out)
{
    if (!ask->destination) {
        cito_buffer_append_literal(out, "null");
        return;
    }
    for (const char *at = ask->destination; *at;) {
        size_t len = strcspn(at, ",");
        cito_buffer_append_char(out, at == ask->destination ? '[' : ',');
        cito_json_write_string(out, (cito_str){ at, len });
        at += len + (at[len] == ',');
    }
    cito_buffer_append_char(out, ']');
}

/* NAME=JSON; what is no JSON is a text. */
static void write_arguments(const inquiry *ask, cito_arena *arena, cito_buffer *out)
{
    cito_buffer_append_char(out, '{');
    for (int i = 0; i < ask->argument_count; i++) {
        const char *word = ask->arguments[i];
        size_t name_len = strcspn(word, "=");
        const char *text = word[name_len] ? word + name_len + 1 : "true";
        const cito_value *value = cito_value_parse(arena, (cito_str){ text, strlen(text) }, NULL, NULL);
        if (i)
            cito_buffer_append_char(out, ',');
        cito_json_write_string(out, (cito_str){ word, name_len });
        cito_buffer_append_char(out, ':');
        if (!value || !cito_value_write(out, value))
            cito_json_write_string(out, (cito_str){ text, strlen(text) });
    }
    cito_buffer_append_char(out, '}');
}

static void write_envelope(const inquiry *ask, cito_arena *arena, cito_str oid, cito_buffer *out)
{
    cito_buffer body;
    cito_buffer_init(&body);
    cito_buffer_append_literal(&body, "{\"method\":");
    cito_json_write_string(&body, (cito_str){ ask->method, strlen(ask->method) });
    cito_buffer_append_literal(&body, ",\"arguments\":");
    write_arguments(ask, arena, &body);
    cito_buffer_append_literal(&body, ",\"destination\":");
    write_destination(ask, &body);
    cito_buffer_append_format(
        &body,
        ",\"pattern\":null,\"matcher\":null,\"ticket\":\"%s\",\"reply_to\":{\"exchange\":\"reply.celery.pidbox\",\"routing_key\":\"%s\"}}",
        cito_uuid_make(arena).data, oid.data);
    cito_buffer_append_literal(out, "{\"body\":\"");
    cito_base64_write((cito_str){ body.data, body.len }, out);
    cito_buffer_append_format(out,
                              "\",\"content-encoding\":\"utf-8\",\"content-type\":\"application/"
                              "json\",\"headers\":{\"clock\":1,\"expires\":0},\"properties\":{\"delivery_mode\":2,"
                              "\"delivery_info\":{\"exchange\":\"celery.pidbox\",\"routing_key\":\"\"},\"priority\":0,\"body_encoding\":"
                              "\"base64\",\"delivery_tag\":\"%s\"}}",
                              cito_uuid_make(arena).data);
    cito_buffer_finish(&body);
}

static void print_reply(void *data, cito_str envelope)
{
    inquiry *ask = data;
    cito_arena *arena = cito_context_current->arena;
    cito_buffer decoded;
    cito_buffer_init(&decoded);
    const cito_value *message = cito_value_parse(arena, cito_arena_copy_str(arena, envelope.data, envelope.len), NULL, NULL);
    cito_str text = cito_value_string(cito_value_get(message, "body"));
    if (cito_str_equal(cito_value_string(cito_value_get(cito_value_get(message, "properties"), "body_encoding")), "base64"))
        text = cito_base64_read(text, &decoded) ? cito_arena_copy_str(arena, decoded.data, decoded.len) : CITO_STR("null");
    const cito_value *body = cito_value_parse(arena, text, NULL, NULL);
    cito_buffer_finish(&decoded);
    for (size_t i = 0; i < cito_value_count(body); i++) {
        ask->reply_count++;
        if (ask->json)
            printf("%s\n", cito_json_text(body, 0).data);
        else
            printf("->  %s:\n%s\n", cito_value_key_at(body, i).data, cito_json_text(cito_value_member_at(body, i), 4).data);
    }
    fflush(stdout);
}

static void ask_workers(void *data)
{
    inquiry *ask = data;
    cito_arena *arena = cito_context_current->arena;
    size_t count;
    cito_buffer envelope;
    cito_buffer_init(&envelope);
    const cito_task *tasks = cito_tasks_all(NULL, &count, &envelope);
    cito_broker *broker = cito_queue_broker(tasks[0].queue, ask->loop);
    cito_str oid = cito_uuid_make(arena);
    cito_buffer_reset(&envelope, 0);
    write_envelope(ask, arena, oid, &envelope);
    const char *error = !broker                           ? "the program's broker cannot be used"
                        : broker->methods->expect_replies ? broker->methods->expect_replies(broker, oid.data)
                                                          : NULL;
    if (!error)
        error = broker->methods->broadcast(broker, "celery.pidbox", "", (cito_str){ envelope.data, envelope.len });
    if (!error)
        error = broker->methods->collect_replies(broker, oid.data, ask->timeout_ms / 1e3,
                                                 ask->destination && !strchr(ask->destination, ',') ? 1 : 0, print_reply, ask);
    if (error) /* and what the broker's log says */
        fprintf(stderr, "The workers cannot be asked: %s\n", error);
    else if (!ask->reply_count)
        fprintf(stderr, "No worker answered within %g s\n", ask->timeout_ms / 1e3);
    ask->code = error || !ask->reply_count;
    cito_buffer_finish(&envelope);
    cito_queues_close(ask->loop);
    cito_loop_stop(ask->loop);
}

int cito_cli_inspect(int argc, char **argv, int first, bool is_control)
{
    inquiry ask = { .timeout_ms = 1000 };
    cito_buffer error;
    cito_buffer_init(&error);
    size_t count = 0;
    int words = cito_options_read(options, &ask, argc, argv, first, &error);
    if (words == 0)
        cito_buffer_append_format(&error, "Usage: %s %s METHOD [NAME=JSON …], as in: %s\n", argv[0], is_control ? "control" : "inspect",
                                  is_control ? "control rate_limit task_name=tasks.add rate_limit=10/s" : "inspect ping");
    else if (words > 0)
        cito_tasks_all(NULL, &count, &error);
    if (words > 0 && !error.len && !count)
        cito_buffer_append_literal(&error, "This program declares no task, so it has no broker to ask by\n");
    if (error.len)
        fprintf(stderr, "%.*s", (int)error.len, error.data);
    ask.code = 1;
    if (!error.len) {
        cito_cli_set_queues(ask.broker_url, NULL, 0);
        ask.method = argv[first];
        ask.arguments = argv + first + 1;
        ask.argument_count = words - 1;
        ask.loop = cito_loop_new(NULL);
        cito_coroutine_spawn(ask.loop, NULL, ask_workers, &ask);
        cito_loop_run(ask.loop, UV_RUN_DEFAULT);
        cito_loop_free(ask.loop);
    }
    cito_buffer_finish(&error);
    return ask.code;
}
