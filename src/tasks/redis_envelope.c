/* Redis envelope: see the header. Objects are walked with the JSON reader and copied member by member as raw text: a message of another sender keeps its numbers,
 * its empty lists and its unknown members to the letter.
 *
 * Invariant: what is appended is JSON where the input was. Threading: none of its own. */
#include "tasks/redis_envelope.h"

#include "base/utf8.h"
#include "json/reader.h"
#include "json/writer.h"

#define SEPARATOR "\x06\x16"

unsigned cito_redis_step_of(int priority) { return priority < 3 ? 0 : priority < 6 ? 1 : priority < 9 ? 2 : 3; }

cito_str cito_redis_list_name(cito_arena *arena, cito_str queue, unsigned step)
{
    if (step == 0)
        return cito_arena_copy_str(arena, queue.data, queue.len);
    return cito_arena_format(arena, "%.*s" SEPARATOR "%u", (int)queue.len, queue.data, step * 3);
}

cito_str cito_redis_binding(cito_arena *arena, cito_str routing_key, cito_str pattern, cito_str queue)
{
    return cito_arena_format(arena, "%.*s" SEPARATOR "%.*s" SEPARATOR "%.*s", (int)routing_key.len, routing_key.data, (int)pattern.len,
                             pattern.data, (int)queue.len, queue.data);
}

/* ---- copying with a change ------------------------------------------------------------------------------------------------------ */
typedef void member_copy(cito_json_reader *, cito_buffer *, int *out_priority);

/* Copies the object at the reader's place. The member of changed_name goes through change; "redelivered" is set
 * where mark; "priority" is noted where asked for. */
typedef struct object_change {
    bool mark, note_priority;
    const char *changed_name;
    member_copy *change;
} object_change;

static void copy_key(cito_buffer *out, cito_str key, bool *is_first)
{
    if (!*is_first)
        cito_buffer_append_char(out, ',');
    *is_first = false;
    cito_json_write_string(out, key);
    cito_buffer_append_char(out, ':');
}

static void copy_object(cito_json_reader *reader, cito_buffer *out, const object_change *change, int *out_priority)
{
    cito_str key, raw;
    if (cito_json_peek(reader) != CITO_JSON_OBJECT) { /* null, or what no sender writes: it stays */
        if (cito_json_skip(reader, &raw))
            cito_buffer_append_str(out, raw);
        return;
    }
    bool is_first = true;
    cito_buffer_append_char(out, '{');
    if (change->mark) {
        copy_key(out, CITO_STR("redelivered"), &is_first);
        cito_buffer_append_literal(out, "true");
    }
    cito_json_enter_object(reader);
    while (cito_json_next_key(reader, &key)) {
        int64_t number;
        if (change->mark && cito_str_equal(key, "redelivered")) {
            cito_json_skip(reader, &raw);
            continue;
        }
        copy_key(out, key, &is_first);
        if (change->changed_name && cito_str_equal(key, change->changed_name)) {
            change->change(reader, out, out_priority);
            continue;
        }
        if (change->note_priority && cito_str_equal(key, "priority") && cito_json_read_short_int(reader, &number)) {
            *out_priority = number < 0 ? 0 : number > 255 ? 255 : (int)number;
            cito_json_write_int(out, number);
            continue;
        }
        if (cito_json_skip(reader, &raw))
            cito_buffer_append_str(out, raw);
    }
    cito_buffer_append_char(out, '}');
}

static void copy_marked(cito_json_reader *reader, cito_buffer *out, int *out_priority)
{
    copy_object(reader, out, &(object_change){ .mark = true }, out_priority);
}

static void copy_properties(cito_json_reader *reader, cito_buffer *out, int *out_priority)
{
    copy_object(reader, out, &(object_change){ .note_priority = true, .changed_name = "delivery_info", .change = copy_marked },
                out_priority);
}

void cito_redis_envelope_redeliver(cito_str envelope, cito_arena *scratch, cito_buffer *out, int *out_priority)
{
    *out_priority = 0;
    size_t before = out->len;
    cito_str text = cito_arena_copy_str(scratch, envelope.data, envelope.len);
    cito_json_reader reader;
    cito_json_reader_init(&reader, text, scratch, CITO_JSON_DEPTH_MAX);
    bool good = cito_utf8_is_valid(text.data, text.len) && cito_json_peek(&reader) == CITO_JSON_OBJECT && cito_json_enter_object(&reader);
    if (good) {
        cito_str key, raw;
        bool is_first = true;
        cito_buffer_append_char(out, '{');
        while (cito_json_next_key(&reader, &key)) {
            copy_key(out, key, &is_first);
            if (cito_str_equal(key, "headers"))
                copy_marked(&reader, out, out_priority);
            else if (cito_str_equal(key, "properties"))
                copy_properties(&reader, out, out_priority);
            else if (cito_json_skip(&reader, &raw))
                cito_buffer_append_str(out, raw);
        }
        cito_buffer_append_char(out, '}');
        good = !reader.error && cito_json_at_end(&reader);
    }
    if (!good) {
        out->len = before;
        cito_buffer_append_str(out, envelope);
    }
}

static size_t behind_spaces(cito_str text, size_t at)
{
    while (at < text.len && memchr(" \t\n\r", text.data[at], 4))
        at++;
    return at;
}

/* From behind: properties are written last, and a task's arguments, which stand before in base64, cannot hold the name. */
bool cito_redis_envelope_find_tag(cito_str envelope, size_t *out_start, size_t *out_len)
{
    static const char name[] = "\"delivery_tag\"";
    size_t name_len = sizeof name - 1;
    for (size_t at = envelope.len; at >= name_len; at--) {
        if (memcmp(envelope.data + at - name_len, name, name_len) != 0)
            continue;
        size_t start = behind_spaces(envelope, at);
        if (start >= envelope.len || envelope.data[start] != ':')
            continue;
        start = behind_spaces(envelope, start + 1);
        const char *end =
            start < envelope.len && envelope.data[start] == '"' ? memchr(envelope.data + start + 1, '"', envelope.len - start - 1) : NULL;
        if (!end)
            continue;
        *out_start = start + 1;
        *out_len = (size_t)(end - envelope.data) - start - 1;
        return true;
    }
    return false;
}

/* ---- entries of unacked --------------------------------------------------------------------------------------------------------- */
bool cito_redis_entry_read(cito_str entry, cito_arena *arena, cito_str *out_envelope, cito_str *out_exchange, cito_str *out_routing_key)
{
    if (!cito_utf8_is_valid(entry.data, entry.len))
        return false;
    cito_json_reader reader;
    cito_json_reader_init(&reader, entry, arena, CITO_JSON_DEPTH_MAX);
    cito_str *texts[] = { out_exchange, out_routing_key };
    if (cito_json_peek(&reader) != CITO_JSON_ARRAY || !cito_json_enter_array(&reader) || !cito_json_next_element(&reader) ||
        cito_json_peek(&reader) != CITO_JSON_OBJECT || !cito_json_skip(&reader, out_envelope))
        return false;
    for (size_t i = 0; i < 2; i++) {
        *texts[i] = CITO_STR("");
        if (!cito_json_next_element(&reader))
            return false;
        cito_json_token token = cito_json_peek(&reader);
        if (token == CITO_JSON_STRING ? !cito_json_read_string(&reader, texts[i]) : !cito_json_read_null(&reader))
            return false;
    }
    return !reader.error;
}

/* ---- bindings ------------------------------------------------------------------------------------------------------------------- */
static size_t word_len(cito_str text)
{
    const char *dot = memchr(text.data, '.', text.len);
    return dot ? (size_t)(dot - text.data) : text.len;
}

static cito_str behind_word(cito_str text)
{
    size_t len = word_len(text);
    return len < text.len ? (cito_str){ text.data + len + 1, text.len - len - 1 } : (cito_str){ NULL, 0 };
}

/* data NULL: no word is left. AMQP 0-9-1, 3.1.3.3: words between dots. */
static bool topic_matches(cito_str topic, cito_str key)
{
    while (topic.data) {
        size_t len = word_len(topic);
        if (len == 1 && *topic.data == '#') {
            cito_str rest = behind_word(topic);
            for (;; key = behind_word(key)) {
                if (topic_matches(rest, key))
                    return true;
                if (!key.data)
                    return false;
            }
        }
        if (!key.data)
            return false;
        bool is_any = len == 1 && *topic.data == '*';
        if (!is_any && (len != word_len(key) || memcmp(topic.data, key.data, len) != 0))
            return false;
        topic = behind_word(topic);
        key = behind_word(key);
    }
    return !key.data;
}

bool cito_redis_binding_takes(cito_str member, cito_str routing_key, cito_str *out_queue)
{
    const char *first = memmem(member.data, member.len, SEPARATOR, 2);
    if (!first)
        return false;
    const char *second = memmem(first + 2, (size_t)(member.data + member.len - first - 2), SEPARATOR, 2);
    if (!second)
        return false;
    cito_str bound = { member.data, (size_t)(first - member.data) };
    *out_queue = (cito_str){ second + 2, (size_t)(member.data + member.len - second - 2) };
    return cito_same(bound, routing_key) || topic_matches(bound, routing_key);
}
