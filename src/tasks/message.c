/* Message: a new one, and its three written parts: headers, properties, envelope. Protocol 2; kombu's envelope is one JSON object around both and the body in base64.
 *
 * Invariant: header members that cito does not know are written again as they came, so a retry or a message given back loses nothing.
 * Threading: as message and buffer. */
#include "tasks/message.h"
#include "base/fork.h"
#include "base/random.h"
#include "json/datetime.h"
#include "json/number.h"
#include "json/value.h"
#include "json/writer.h"
#include "tasks/base64.h"
#include "tasks/message_names.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* ---- identities ------------------------------------------------------------------------------------------------------------------------- */
cito_str cito_uuid_make(cito_arena *arena)
{
    cito_uuid uuid;
    cito_random_fill(uuid.bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)(uuid.bytes[6] & 0x0F) | 0x40; /* RFC 4122 section 4.4: version 4 */
    uuid.bytes[8] = (uint8_t)(uuid.bytes[8] & 0x3F) | 0x80;
    char *text = cito_arena_take(arena, 37);
    if (!text)
        return (cito_str){ NULL, 0 };
    cito_uuid_write(uuid, text);
    text[36] = 0;
    return (cito_str){ text, 36 };
}

/* What is the same for all messages of this process; made anew in a child. */
static struct identity {
    pthread_mutex_t guard;
    bool is_made;
    uint32_t fork_depth;
    char origin[128], oid[40];
} identity = { .guard = PTHREAD_MUTEX_INITIALIZER };

static void identity_copy(cito_arena *arena, cito_str *out_origin, cito_str *out_oid)
{
    pthread_mutex_lock(&identity.guard);
    if (!identity.is_made || identity.fork_depth != cito_fork_depth()) {
        char host[65] = "localhost";
        gethostname(host, sizeof host - 1);
        identity.is_made = true;
        identity.fork_depth = cito_fork_depth();
        snprintf(identity.origin, sizeof identity.origin, "gen%d@%s", (int)getpid(), host);
        cito_arena scratch;
        cito_arena_init(&scratch, 0);
        snprintf(identity.oid, sizeof identity.oid, "%s", cito_uuid_make(&scratch).data);
        cito_arena_finish(&scratch);
    }
    *out_origin = cito_arena_copy_str(arena, identity.origin, strlen(identity.origin));
    *out_oid = cito_arena_copy_str(arena, identity.oid, strlen(identity.oid));
    pthread_mutex_unlock(&identity.guard);
}

void cito_message_init(cito_message *message, cito_arena *arena, const char *task)
{
    cito_str id = cito_uuid_make(arena);
    *message = (cito_message){ .task = cito_arena_copy_str(arena, task, strlen(task)),
                               .id = id,
                               .root_id = id,
                               .correlation_id = id,
                               .delivery_tag = cito_uuid_make(arena),
                               .group_index = -1,
                               .ignore_result = -1,
                               .argsrepr = CITO_STR("()"),
                               .kwargsrepr = CITO_STR("{}"),
                               .content_type = CITO_STR("application/json"),
                               .content_encoding = CITO_STR("utf-8"),
                               .exchange = CITO_STR(""),
                               .routing_key = CITO_STR("celery"),
                               .body = CITO_STR("[[],{},{\"callbacks\":null,\"errbacks\":null,\"chain\":null,\"chord\":null}]") };
    identity_copy(arena, &message->origin, &message->reply_to);
}

/* ---- pieces of JSON -------------------------------------------------------------------------------------------------------------------- */
#define KEY(BUFFER, NAME) cito_buffer_append_literal(BUFFER, ",\"" NAME "\":")

static void write_moment(cito_buffer *buffer, double moment)
{
    if (!(moment > 0)) {
        cito_buffer_append_literal(buffer, "null");
        return;
    }
    double whole = floor(moment);
    cito_datetime at = { .seconds = (int64_t)whole, .nanoseconds = (int32_t)((moment - whole) * 1e6) * 1000, .aware = true };
    cito_buffer_append_char(buffer, '"');
    buffer->len += cito_datetime_write(at, CITO_ISO_PYTHON, cito_buffer_reserve(buffer, CITO_DATETIME_TEXT_MAX));
    cito_buffer_append_char(buffer, '"');
}

static void write_limit(cito_buffer *buffer, double seconds)
{
    if (!(seconds > 0))
        cito_buffer_append_literal(buffer, "null");
    else if (seconds == floor(seconds) && seconds < 1e15)
        cito_json_write_int(buffer, (int64_t)seconds);
    else
        cito_json_write_double(buffer, seconds);
}

/* A value as it came; what JSON cannot say (NaN) is null rather than the end of the message. */
static void write_value(cito_buffer *buffer, const cito_value *value)
{
    if (!cito_value_write(buffer, value))
        cito_buffer_append_literal(buffer, "null");
}

static void write_unknown(cito_buffer *buffer, const cito_value *object, bool (*is_known)(cito_str name))
{
    for (size_t i = 0; i < cito_value_count(object); i++) {
        cito_str key = cito_value_key_at(object, i);
        if (is_known(key))
            continue;
        cito_buffer_append_char(buffer, ',');
        cito_json_write_string(buffer, key);
        cito_buffer_append_char(buffer, ':');
        write_value(buffer, object->as.members[i].value);
    }
}

static void write_kept(cito_buffer *buffer, const cito_value *headers, const char *name, const char *otherwise)
{
    const cito_value *kept = cito_value_get(headers, name);
    if (kept)
        write_value(buffer, kept);
    else
        cito_buffer_append(buffer, otherwise, strlen(otherwise));
}

/* ---- the three parts ------------------------------------------------------------------------------------------------------------------- */
void cito_message_write_headers(const cito_message *message, cito_buffer *buffer)
{
    cito_buffer_append_literal(buffer, "{\"lang\":\"py\",\"task\":");
    cito_json_write_string_or_null(buffer, message->task);
    KEY(buffer, "id");
    cito_json_write_string_or_null(buffer, message->id);
    KEY(buffer, "shadow");
    cito_json_write_string_or_null(buffer, message->shadow);
    KEY(buffer, "eta");
    write_moment(buffer, message->eta);
    KEY(buffer, "expires");
    write_moment(buffer, message->expires);
    KEY(buffer, "group");
    cito_json_write_string_or_null(buffer, message->group);
    KEY(buffer, "group_index");
    if (message->group_index < 0)
        cito_buffer_append_literal(buffer, "null");
    else
        cito_json_write_int(buffer, message->group_index);
    KEY(buffer, "retries");
    cito_json_write_int(buffer, message->retries);
    cito_buffer_append_literal(buffer, ",\"timelimit\":[");
    write_limit(buffer, message->time_limit);
    cito_buffer_append_char(buffer, ',');
    write_limit(buffer, message->soft_time_limit);
    cito_buffer_append_literal(buffer, "],\"root_id\":");
    cito_json_write_string_or_null(buffer, message->root_id);
    KEY(buffer, "parent_id");
    cito_json_write_string_or_null(buffer, message->parent_id);
    KEY(buffer, "argsrepr");
    cito_json_write_string_or_null(buffer, message->argsrepr);
    KEY(buffer, "kwargsrepr");
    cito_json_write_string_or_null(buffer, message->kwargsrepr);
    KEY(buffer, "origin");
    cito_json_write_string_or_null(buffer, message->origin);
    KEY(buffer, "ignore_result");
    cito_str ignore[] = { CITO_STR("null"), CITO_STR("false"), CITO_STR("true") };
    cito_buffer_append_str(buffer, ignore[message->ignore_result < 0 ? 0 : message->ignore_result ? 2 : 1]);
    KEY(buffer, "replaced_task_nesting");
    write_kept(buffer, message->headers, "replaced_task_nesting", "0");
    KEY(buffer, "stamped_headers");
    write_kept(buffer, message->headers, "stamped_headers", "null");
    KEY(buffer, "stamps");
    write_kept(buffer, message->headers, "stamps", "{}");
    if (message->redelivered)
        cito_buffer_append_literal(buffer, ",\"redelivered\":true");
    write_unknown(buffer, message->headers, cito_header_is_known);
    cito_buffer_append_char(buffer, '}');
}

void cito_message_write_properties(const cito_message *message, cito_buffer *buffer)
{
    cito_buffer_append_literal(buffer, "{\"correlation_id\":");
    cito_json_write_string_or_null(buffer, message->correlation_id);
    KEY(buffer, "reply_to");
    cito_json_write_string_or_null(buffer, message->reply_to);
    cito_buffer_append_literal(buffer, ",\"delivery_mode\":2,\"delivery_info\":{\"exchange\":");
    cito_json_write_string_or_null(buffer, message->exchange);
    KEY(buffer, "routing_key");
    cito_json_write_string_or_null(buffer, message->routing_key);
    if (message->redelivered)
        cito_buffer_append_literal(buffer, ",\"redelivered\":true");
    cito_buffer_append_literal(buffer, "},\"priority\":");
    cito_json_write_int(buffer, message->priority);
    cito_buffer_append_literal(buffer, ",\"body_encoding\":\"base64\",\"delivery_tag\":");
    cito_json_write_string_or_null(buffer, message->delivery_tag);
    write_unknown(buffer, message->properties, cito_property_is_known);
    cito_buffer_append_char(buffer, '}');
}

void cito_message_write_envelope(const cito_message *message, cito_buffer *buffer)
{
    cito_buffer_append_literal(buffer, "{\"body\":\"");
    cito_base64_write(message->body, buffer);
    cito_buffer_append_literal(buffer, "\",\"content-encoding\":");
    cito_json_write_string_or_null(buffer, message->content_encoding);
    KEY(buffer, "content-type");
    cito_json_write_string_or_null(buffer, message->content_type);
    KEY(buffer, "headers");
    cito_message_write_headers(message, buffer);
    KEY(buffer, "properties");
    cito_message_write_properties(message, buffer);
    cito_buffer_append_char(buffer, '}');
}
