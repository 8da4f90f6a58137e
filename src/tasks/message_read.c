/* Message, reading: kombu's envelope, protocol 2 and 1. What comes from the wire is anybody's: each shape that is no message is answered with a text, and never with
 * more than that.
 *
 * Invariants: every text handed out ends in a NUL; a body is checked UTF-8 of at most BODY_MAX bytes, however it was compressed. Threading: as the arena. */
#include "base/utf8.h"
#include "json/value.h"
#include "schema/decode.h"
#include "tasks/base64.h"
#include "tasks/message.h"
#include "tasks/message_names.h"

#include <limits.h>
#include <math.h>
#include <bzlib.h>
#include <zlib.h>

enum { BODY_MAX = 64 * 1024 * 1024 };

static bool is_among(cito_str name, const char *const *names)
{
    for (; *names; names++)
        if (cito_str_equal(name, *names))
            return true;
    return false;
}

bool cito_header_is_known(cito_str name)
{
    static const char *const known[] = { "lang",
                                         "task",
                                         "id",
                                         "shadow",
                                         "eta",
                                         "expires",
                                         "group",
                                         "group_index",
                                         "retries",
                                         "root_id",
                                         "timelimit",
                                         "parent_id",
                                         "argsrepr",
                                         "kwargsrepr",
                                         "origin",
                                         "ignore_result",
                                         "redelivered",
                                         "stamps",
                                         "stamped_headers",
                                         "compression",
                                         "replaced_task_nesting",
                                         NULL };
    return is_among(name, known);
}

bool cito_property_is_known(cito_str name)
{
    static const char *const known[] = { "correlation_id", "reply_to",      "delivery_mode", "delivery_info",
                                         "priority",       "body_encoding", "delivery_tag",  NULL };
    return is_among(name, known);
}

/* ---- fields: a member, what it must be, and the text when it is not. The first mistake stays. ------------------------------------------------ */
typedef struct field_reader {
    const cito_value *object;
    const char *owner; /* "header", for texts */
    cito_arena *arena;
    const char *mistake;
} field_reader;

static const char *arena_text(cito_str text) { return text.data ? text.data : "out of memory"; }

static void mistake(field_reader *reader, const char *name, const char *wanted)
{
    if (!reader->mistake)
        reader->mistake = arena_text(cito_arena_format(reader->arena, "its %s \"%s\" is not %s", reader->owner, name, wanted));
}

static cito_str read_text(field_reader *reader, const char *name)
{
    const cito_value *value = cito_value_get(reader->object, name);
    if (!value)
        return (cito_str){ NULL, 0 };
    if (value->kind == CITO_VALUE_STRING)
        return value->as.string;
    mistake(reader, name, "text");
    return (cito_str){ NULL, 0 };
}

static int64_t read_int(field_reader *reader, const char *name, int64_t low, int64_t high, int64_t otherwise)
{
    const cito_value *value = cito_value_get(reader->object, name);
    if (!value)
        return otherwise;
    int64_t number = cito_value_int(value);
    if (value->kind == CITO_VALUE_INT && number >= low && number <= high)
        return number;
    mistake(reader, name, "an integer in its range");
    return otherwise;
}

static double read_moment(field_reader *reader, const char *name)
{
    const cito_value *value = cito_value_get(reader->object, name);
    if (!value)
        return 0;
    cito_errors errors;
    cito_errors_init(&errors, reader->arena);
    cito_datetime at;
    cito_loc loc = { .name = CITO_STR("eta") };
    if (value->kind == CITO_VALUE_STRING && cito_decode_value(value, cito_t_datetime, NULL, &loc, &at, reader->arena, &errors))
        return (double)at.seconds + at.nanoseconds / 1e9; /* naive ones are UTC: Celery's default time zone */
    mistake(reader, name, "a date and time (ISO 8601)");
    return 0;
}

static double read_limit(field_reader *reader, const cito_value *limits, size_t index)
{
    const cito_value *limit = cito_value_at(limits, index);
    cito_value_kind kind = cito_value_kind_of(limit);
    double seconds = cito_value_double(limit);
    if (kind == CITO_VALUE_NULL)
        return 0;
    if ((kind == CITO_VALUE_INT || kind == CITO_VALUE_DOUBLE) && isfinite(seconds) && seconds >= 0)
        return seconds;
    mistake(reader, "timelimit", "[hard, soft] in seconds");
    return 0;
}

static void read_limits(field_reader *reader, cito_message *out)
{
    const cito_value *limits = cito_value_get(reader->object, "timelimit");
    if (!limits)
        return;
    if (limits->kind != CITO_VALUE_ARRAY || limits->count > 2) {
        mistake(reader, "timelimit", "[hard, soft] in seconds");
        return;
    }
    out->time_limit = read_limit(reader, limits, 0);
    out->soft_time_limit = read_limit(reader, limits, 1);
}

static int read_truth(field_reader *reader, const char *name)
{
    const cito_value *value = cito_value_get(reader->object, name);
    if (value && value->kind != CITO_VALUE_BOOL)
        mistake(reader, name, "true, false or null");
    return value ? cito_value_bool(value) : -1;
}

/* What both protocols have in common; id and task must be there. */
static void read_fields(field_reader *reader, cito_message *out)
{
    out->task = read_text(reader, "task");
    out->id = read_text(reader, "id");
    out->retries = (int)read_int(reader, "retries", 0, INT_MAX, 0);
    out->eta = read_moment(reader, "eta");
    out->expires = read_moment(reader, "expires");
    read_limits(reader, out);
    if (!out->task.len)
        mistake(reader, "task", "a task's name");
    if (!out->id.len)
        mistake(reader, "id", "a task's id");
}

static void read_headers(field_reader *reader, cito_message *out)
{
    read_fields(reader, out);
    out->shadow = read_text(reader, "shadow");
    out->root_id = read_text(reader, "root_id");
    out->parent_id = read_text(reader, "parent_id");
    out->group = read_text(reader, "group");
    out->group_index = read_int(reader, "group_index", 0, INT64_MAX, -1);
    out->origin = read_text(reader, "origin");
    out->argsrepr = read_text(reader, "argsrepr");
    out->kwargsrepr = read_text(reader, "kwargsrepr");
    out->ignore_result = read_truth(reader, "ignore_result");
    out->redelivered = read_truth(reader, "redelivered") == 1;
}

static void read_properties(field_reader *reader, cito_message *out)
{
    out->correlation_id = read_text(reader, "correlation_id");
    out->reply_to = read_text(reader, "reply_to");
    out->delivery_tag = read_text(reader, "delivery_tag");
    out->priority = (int)read_int(reader, "priority", 0, 255, 0);
    const cito_value *info = cito_value_get(reader->object, "delivery_info");
    if (info && info->kind != CITO_VALUE_OBJECT) {
        mistake(reader, "delivery_info", "an object");
        return;
    }
    field_reader in_info = { info, "delivery_info", reader->arena, NULL };
    out->exchange = read_text(&in_info, "exchange");
    out->routing_key = read_text(&in_info, "routing_key");
    out->redelivered = out->redelivered || read_truth(&in_info, "redelivered") == 1;
    if (!reader->mistake)
        reader->mistake = in_info.mistake;
}

/* ---- the body -------------------------------------------------------------------------------------------------------------------------- */
static const char *inflate_body(cito_str packed, cito_buffer *out)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)packed.data, .avail_in = (uInt)packed.len };
    if (packed.len > BODY_MAX ||
        inflateInit2(&stream, 15 + 32) != Z_OK) /* both zlib's head (RFC 1950) and gzip's: Celery says the one and writes the other */
        return "its body cannot be decompressed";
    int status = Z_OK;
    while (status == Z_OK && out->len <= BODY_MAX) {
        size_t room = packed.len * 4 + 1024;
        stream.next_out = (Bytef *)cito_buffer_reserve(out, room);
        stream.avail_out = (uInt)room;
        status = inflate(&stream, Z_NO_FLUSH);
        out->len += room - stream.avail_out;
        if (status == Z_BUF_ERROR && stream.avail_in)
            status = Z_OK;
    }
    inflateEnd(&stream);
    if (out->len > BODY_MAX)
        return "its body is larger than 64 MiB when decompressed";
    return status == Z_STREAM_END ? NULL : "its body cannot be decompressed";
}

static const char *unpack_bzip2(cito_str packed, cito_buffer *out)
{
    bz_stream stream = { .next_in = (char *)(uintptr_t)packed.data, .avail_in = (unsigned)packed.len };
    if (packed.len > BODY_MAX || BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK)
        return "its body cannot be decompressed";
    int status = BZ_OK;
    while (status == BZ_OK && out->len <= BODY_MAX) {
        size_t room = packed.len * 8 + 4096;
        stream.next_out = cito_buffer_reserve(out, room);
        stream.avail_out = (unsigned)room;
        status = BZ2_bzDecompress(&stream);
        out->len += room - stream.avail_out;
        if (status == BZ_OK && !stream.avail_in && stream.avail_out)
            status = BZ_UNEXPECTED_EOF; /* cut short: it would wait for more */
    }
    BZ2_bzDecompressEnd(&stream);
    if (out->len > BODY_MAX)
        return "its body is larger than 64 MiB when decompressed";
    return status == BZ_STREAM_END ? NULL : "its body cannot be decompressed";
}

static const char *decompress(const cito_message *message, cito_buffer *plain, cito_buffer *unpacked)
{
    static const char *const names[] = { "application/x-gzip", "gzip", "zlib", NULL }, *const bzip2_names[] = { "application/x-bz2",
                                                                                                                "bzip2", "bzip", NULL };
    if (!message->compression.len)
        return NULL;
    bool is_bzip2 = is_among(message->compression, bzip2_names);
    if (!is_bzip2 && !is_among(message->compression, names))
        return "its body is compressed in a way that this worker cannot read: zlib and bzip2 are read";
    const char *error = (is_bzip2 ? unpack_bzip2 : inflate_body)((cito_str){ plain->data, plain->len }, unpacked);
    if (error)
        return error;
    cito_buffer swap = *plain;
    *plain = *unpacked;
    *unpacked = swap;
    return NULL;
}

static const char *check_content(const cito_message *message)
{
    static const char *const types[] = { "application/json", "json", NULL };
    static const char *const encodings[] = { "utf-8", "utf8", "UTF-8", "us-ascii", "ascii", "binary", NULL };
    if (!is_among(message->content_type, types))
        return "its content-type is not application/json, the only one accepted: let the sender use task_serializer = 'json'";
    if (message->content_encoding.len && !is_among(message->content_encoding, encodings))
        return "its content-encoding is not utf-8";
    return NULL;
}

static const char *read_encoded(cito_message *message, const cito_value *body, cito_str encoding, cito_buffer *plain, cito_buffer *unpacked)
{
    if (cito_value_kind_of(body) != CITO_VALUE_STRING)
        return "its body is not text";
    if (!encoding.len)
        cito_buffer_append_str(plain, body->as.string);
    else if (!cito_str_equal(encoding, "base64"))
        return "its body_encoding is not base64";
    else if (!cito_base64_read(body->as.string, plain))
        return "its body is not base64";
    const char *error = decompress(message, plain, unpacked);
    if (error)
        return error;
    if (plain->len > BODY_MAX)
        return "its body is larger than 64 MiB";
    return cito_utf8_is_valid(plain->data, plain->len) ? NULL : "its body is not UTF-8";
}

static const char *set_body(cito_message *message, const cito_value *body, cito_str encoding, cito_arena *arena)
{
    cito_buffer plain, unpacked;
    cito_buffer_init(&plain);
    cito_buffer_init(&unpacked);
    const char *error = read_encoded(message, body, encoding, &plain, &unpacked);
    if (!error) {
        message->body = cito_arena_copy_str(arena, plain.len ? plain.data : "", plain.len);
        error = message->body.data ? NULL : "it is larger than the memory of a task";
    }
    cito_buffer_finish(&plain);
    cito_buffer_finish(&unpacked);
    return error;
}

/* ---- protocol 1: everything stands in the body, which is an object --------------------------------------------------------------------------- */
static void append_member(cito_buffer *text, const cito_value *object, const char *name, const char *otherwise)
{
    const cito_value *value = cito_value_get(object, name);
    if (!value || !cito_value_write(text, value))
        cito_buffer_append(text, otherwise, strlen(otherwise));
}

static cito_str body_of_first_protocol(const cito_value *old, cito_arena *arena)
{
    cito_buffer text;
    cito_buffer_init(&text);
    cito_buffer_append_char(&text, '[');
    append_member(&text, old, "args", "[]");
    cito_buffer_append_char(&text, ',');
    append_member(&text, old, "kwargs", "{}");
    cito_buffer_append_literal(&text, ",{\"callbacks\":");
    append_member(&text, old, "callbacks", "null");
    cito_buffer_append_literal(&text, ",\"errbacks\":");
    append_member(&text, old, "errbacks", "null");
    cito_buffer_append_literal(&text, ",\"chain\":null,\"chord\":");
    append_member(&text, old, "chord", "null");
    cito_buffer_append_literal(&text, "}]");
    cito_str copy = cito_arena_copy_str(arena, text.data, text.len);
    cito_buffer_finish(&text);
    return copy;
}

static const char *read_first_protocol(cito_message *out, cito_arena *arena)
{
    const cito_value *old = cito_value_parse(arena, out->body, NULL, NULL);
    if (cito_value_kind_of(old) != CITO_VALUE_OBJECT || !cito_value_has(old, "task"))
        return "it is no task: neither its headers nor its body name one";
    field_reader reader = { old, "member", arena, NULL };
    read_fields(&reader, out);
    out->group = read_text(&reader, "taskset");
    if (!out->group.len)
        out->group = read_text(&reader, "group");
    out->root_id = out->id;
    out->body = body_of_first_protocol(old, arena);
    if (!reader.mistake && !out->body.data)
        return "it is larger than the memory of a task";
    return reader.mistake;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------------ */
static const char *read_object(const cito_value *envelope, cito_arena *arena, cito_message *out)
{
    out->headers = cito_value_get(envelope, "headers");
    out->properties = cito_value_get(envelope, "properties");
    if (out->headers && out->headers->kind != CITO_VALUE_OBJECT)
        return "its headers are no object";
    if (!out->properties || out->properties->kind != CITO_VALUE_OBJECT)
        return "its properties are no object";
    field_reader outer = { envelope, "member", arena, NULL }, headers = { out->headers, "header", arena, NULL },
                 properties = { out->properties, "property", arena, NULL };
    out->content_type = read_text(&outer, "content-type");
    out->content_encoding = read_text(&outer, "content-encoding");
    out->compression = read_text(&headers, "compression");
    cito_str encoding = read_text(&properties, "body_encoding");
    read_properties(&properties, out);
    const char *first = outer.mistake ? outer.mistake : headers.mistake ? headers.mistake : properties.mistake;
    if (!first)
        first = check_content(out);
    if (!first)
        first = set_body(out, cito_value_get(envelope, "body"), encoding, arena);
    if (first)
        return first;
    if (!cito_value_has(out->headers, "task"))
        return read_first_protocol(out, arena);
    read_headers(&headers, out);
    return headers.mistake;
}

const char *cito_message_read_envelope(cito_str envelope, cito_arena *arena, cito_message *out)
{
    *out = (cito_message){ .group_index = -1, .ignore_result = -1 };
    if (!cito_utf8_is_valid(envelope.data, envelope.len))
        return "it is not UTF-8";
    const char *error = NULL;
    const cito_value *value = cito_value_parse(arena, envelope, &error, NULL);
    if (!value)
        return arena_text(cito_arena_format(arena, "it is not JSON: %s", error ? error : "too large"));
    if (value->kind != CITO_VALUE_OBJECT)
        return "it is no object";
    return read_object(value, arena, out);
}

/* ---- [args, kwargs, embed] -------------------------------------------------------------------------------------------------------------- */
static bool is_list_or_null(const cito_value *value)
{
    cito_value_kind kind = cito_value_kind_of(value);
    return kind == CITO_VALUE_NULL || kind == CITO_VALUE_ARRAY;
}

static const char *read_embed(const cito_value *embed, cito_message_body *out)
{
    if (cito_value_kind_of(embed) == CITO_VALUE_NULL)
        return NULL;
    if (embed->kind != CITO_VALUE_OBJECT)
        return "its body's third part is no object";
    out->callbacks = cito_value_get(embed, "callbacks");
    out->errbacks = cito_value_get(embed, "errbacks");
    out->chain = cito_value_get(embed, "chain");
    out->chord = cito_value_get(embed, "chord");
    if (!is_list_or_null(out->callbacks) || !is_list_or_null(out->errbacks) || !is_list_or_null(out->chain))
        return "its callbacks, errbacks or chain is no list";
    return NULL;
}

const char *cito_message_read_body(const cito_message *message, cito_arena *arena, cito_message_body *out)
{
    *out = (cito_message_body){ 0 };
    const char *error = NULL;
    const cito_value *body = cito_value_parse(arena, message->body, &error, NULL);
    if (!body)
        return arena_text(cito_arena_format(arena, "its body is not JSON: %s", error ? error : "too large"));
    if (body->kind != CITO_VALUE_ARRAY || body->count != 3)
        return "its body is not [args, kwargs, embed]";
    out->args = cito_value_at(body, 0);
    out->kwargs = cito_value_at(body, 1);
    if (cito_value_kind_of(out->args) != CITO_VALUE_ARRAY)
        return "its args are no list";
    if (cito_value_kind_of(out->kwargs) != CITO_VALUE_OBJECT)
        return "its kwargs are no object";
    return read_embed(cito_value_at(body, 2), out);
}
