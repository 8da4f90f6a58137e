/* Forms; see form.h. What a form's field is called and what is refused is Starlette's; how multipart bytes are cut is RFC 7578 and RFC 2046 section
 * 5.1.1, with python-multipart's choices where these leave one.
 *
 * Invariants: the body is only read. Limits are checked before memory is taken for what they bound.
 * Threading: nothing is kept but in the arena. */
#include "http/form.h"
#include "base/utf8.h"
#include "http/decode.h"
#include "http/known.h"
#include "http/parameters.h"
#include "http/scan.h"

#include <string.h>

static const char *const broken = "There was an error parsing the body";
static const char *const no_memory = "The form takes more memory than a request may";

enum { PART_HEADERS = 8, PART_HEADER_SIZE = 4096 + 128, BOUNDARY_SIZE = 256 };

/* What a part's header section says. */
typedef struct part_head {
    cito_str disposition, content_type;
    cito_str name, filename, extended_filename; /* data is NULL where absent */
} part_head;

typedef struct multipart {
    cito_arena *arena;
    cito_form_limits limits;
    cito_form *form;
    const char *at, *end;
    cito_str delimiter; /* CRLF "--" boundary */
    bool is_utf8;       /* the charset of the form's text; else ISO 8859-1 */
    size_t capacity, files, fields;
} multipart;

static cito_form_limits limits_or_default(const cito_form_limits *limits)
{
    cito_form_limits l = limits ? *limits : (cito_form_limits){ 0 };
    return (cito_form_limits){ l.files ? l.files : 1000, l.fields ? l.fields : 1000, l.field_size ? l.field_size : 1024 * 1024 };
}

static const char *too_many(cito_arena *arena, const char *what, size_t most)
{
    const char *text = cito_arena_format(arena, "Too many %s. Maximum number of %s is %zu.", what, what, most).data;
    return text ? text : no_memory;
}

static const char *too_large(cito_arena *arena, const char *what, size_t most)
{
    const char *text = cito_arena_format(arena, "%s exceeded maximum size of %zuKB.", what, most / 1024).data;
    return text ? text : no_memory;
}

/* ---- application/x-www-form-urlencoded ------------------------------------------------------------------------------ */

static const char *check_urlencoded(cito_arena *arena, cito_str body, const cito_form_limits *limits)
{
    size_t count = 0;
    for (const char *at = body.data, *end = body.data + body.len; at < end;) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        if (!next)
            next = end;
        size_t size = (size_t)(next - at);
        /* The equals sign is neither name nor value. */
        if (size > limits->field_size && size - (memchr(at, '=', size) != NULL) > limits->field_size)
            return too_large(arena, "Field", limits->field_size);
        if (size > 0 && ++count > limits->fields)
            return too_many(arena, "fields", limits->fields);
        at = next + 1;
    }
    return NULL;
}

static const char *parse_urlencoded(cito_arena *arena, cito_str body, const cito_form_limits *limits, cito_form *out_form)
{
    const char *wrong = check_urlencoded(arena, body, limits);
    if (wrong)
        return wrong;
    cito_pairs pairs;
    if (!cito_url_parse_query(arena, body, limits->fields, &pairs))
        return no_memory;
    if (pairs.count == 0)
        return NULL;
    cito_form_part *parts = cito_arena_take(arena, pairs.count * sizeof *parts);
    if (!parts)
        return no_memory;
    for (size_t i = 0; i < pairs.count; i++)
        parts[i] = (cito_form_part){ pairs.items[i].name, pairs.items[i].value, NULL };
    *out_form = (cito_form){ parts, pairs.count };
    return NULL;
}

/* ---- multipart/form-data: the lines between the parts ------------------------------------------------------------------- */

typedef enum after_boundary { AFTER_PART, AFTER_LAST, AFTER_DATA, AFTER_BROKEN, AFTER_NOTHING } after_boundary;

/* What follows a boundary at `at`: a part (CRLF, perhaps behind transport padding), the end ("--"), or bytes that make it data. AFTER_NOTHING: the
 * body stops there. */
static after_boundary look_behind_boundary(const char *at, const char *end, const char **out_next)
{
    const char *start = at;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (end - at < 2)
        return at < end && *at != '\r' && *at != '-' ? AFTER_DATA : AFTER_NOTHING;
    *out_next = at + 2;
    if (at[0] == '\r' && at[1] == '\n')
        return AFTER_PART;
    if (at > start)
        return AFTER_BROKEN;
    return at[0] == '-' && at[1] == '-' ? AFTER_LAST : AFTER_DATA;
}

/* The first boundary stands at the body's start, or at the start of a later line behind a preamble (RFC 2046 section 5.1.1). */
static const char *find_first_boundary(const multipart *m)
{
    size_t len = m->delimiter.len - 2;
    if ((size_t)(m->end - m->at) >= len && memcmp(m->at, m->delimiter.data + 2, len) == 0)
        return m->at + len;
    const char *found = memmem(m->at, (size_t)(m->end - m->at), m->delimiter.data, m->delimiter.len);
    return found ? found + m->delimiter.len : NULL;
}

/* The part's content up to the next delimiter; m->at then stands behind it. A delimiter's bytes in the middle of a line are data. */
static after_boundary find_content(multipart *m, cito_str *out_content)
{
    const char *from = m->at;
    for (;;) {
        const char *found = memmem(from, (size_t)(m->end - from), m->delimiter.data, m->delimiter.len);
        *out_content = (cito_str){ m->at, (size_t)((found ? found : m->end) - m->at) };
        if (!found)
            return AFTER_NOTHING;
        after_boundary after = look_behind_boundary(found + m->delimiter.len, m->end, &from);
        if (after != AFTER_DATA) {
            m->at = from;
            return after;
        }
        from = found + 1;
    }
}

/* ---- a part's header section --------------------------------------------------------------------------------------------- */

/* One header line. AFTER_DATA: a header was read; AFTER_PART: the blank line was. */
static after_boundary read_part_header(multipart *m, part_head *head)
{
    size_t left = (size_t)(m->end - m->at);
    if (left == 0 || (left == 1 && m->at[0] == '\r'))
        return AFTER_NOTHING;
    if (left > 1 && m->at[0] == '\r' && m->at[1] == '\n') {
        m->at += 2;
        return AFTER_PART;
    }
    const char *line = m->at, *colon = cito_scan_token(line, line, m->end);
    if (colon == m->end)
        return AFTER_NOTHING;
    if (*colon != ':' || colon == line)
        return AFTER_BROKEN;
    const char *stop = memchr(colon, '\r', (size_t)(m->end - colon));
    if ((size_t)((stop ? stop : m->end) - line) > PART_HEADER_SIZE)
        return AFTER_BROKEN;
    if (!stop || m->end - stop < 2)
        return AFTER_NOTHING;
    if (stop[1] != '\n')
        return AFTER_BROKEN;
    const char *value = colon + 1;
    while (value < stop && *value == ' ')
        value++;
    cito_str name = { line, (size_t)(colon - line) }, text = { value, (size_t)(stop - value) };
    if (cito_token_equal(name, "content-disposition"))
        head->disposition = text;
    else if (cito_token_equal(name, "content-type") && !head->content_type.data)
        head->content_type = text;
    m->at = stop + 2;
    return AFTER_DATA;
}

static after_boundary read_part_headers(multipart *m, part_head *head)
{
    for (int count = 0;; count++) {
        after_boundary line = read_part_header(m, head);
        if (line != AFTER_DATA)
            return line;
        if (count == PART_HEADERS)
            return AFTER_BROKEN;
    }
}

/* Internet Explorer 6 sent the whole path: what stands behind the last backslash is the name. */
static cito_str without_windows_path(cito_str name)
{
    bool is_path =
        (name.len > 2 && name.data[1] == ':' && name.data[2] == '\\') || (name.len > 1 && name.data[0] == '\\' && name.data[1] == '\\');
    const char *last = is_path ? memrchr(name.data, '\\', name.len) : NULL;
    return last ? (cito_str){ last + 1, name.len - (size_t)(last - name.data) - 1 } : name;
}

static void read_disposition(cito_arena *arena, part_head *head)
{
    if (!head->disposition.data)
        return;
    cito_parameters parameters;
    cito_str name, value;
    cito_parameters_begin(&parameters, head->disposition);
    while (cito_parameters_next(&parameters, &name, &value)) {
        if (cito_token_equal(name, "name"))
            head->name = cito_parameters_unquote(arena, value);
        else if (cito_token_equal(name, "filename"))
            head->filename = without_windows_path(cito_parameters_unquote(arena, value));
        else if (cito_token_equal(name, "filename*"))
            head->extended_filename = value;
    }
}

/* ---- a part ------------------------------------------------------------------------------------------------------------------ */

/* As Starlette: the form's charset, and ISO 8859-1 for what does not fit it. */
static cito_str part_text(const multipart *m, cito_str bytes)
{
    if (bytes.len == 0)
        return CITO_STR("");
    if (m->is_utf8 && cito_utf8_is_valid(bytes.data, bytes.len))
        return cito_arena_copy_str(m->arena, bytes.data, bytes.len);
    return cito_decode_latin1(m->arena, bytes.data, bytes.len);
}

/* ext-value = charset "'" [ language ] "'" value-chars (RFC 8187 section 3.2.1). */
static cito_str extended_text(const multipart *m, cito_str value)
{
    const char *first = memchr(value.data, '\'', value.len);
    const char *second = first ? memchr(first + 1, '\'', (size_t)(value.data + value.len - first - 1)) : NULL;
    if (!second)
        return CITO_STR("");
    cito_str encoded = cito_arena_copy_str(m->arena, second + 1, (size_t)(value.data + value.len - second - 1));
    return encoded.data ? cito_url_decode(m->arena, encoded, false) : CITO_STR("");
}

static bool add_part(multipart *m, const cito_form_part *part)
{
    if (m->form->count == m->capacity) {
        size_t capacity = m->capacity ? m->capacity * 2 : 8;
        cito_form_part *parts = cito_arena_take(m->arena, capacity * sizeof *parts);
        if (!parts)
            return false;
        if (m->form->count)
            memcpy(parts, m->form->parts, m->form->count * sizeof *parts);
        m->form->parts = parts;
        m->capacity = capacity;
    }
    m->form->parts[m->form->count++] = *part;
    return true;
}

static bool add_file(multipart *m, const part_head *head, cito_str content)
{
    cito_str filename = head->filename.data ? part_text(m, head->filename) : extended_text(m, head->extended_filename);
    if (filename.len == 0)
        return !m->arena->overflowed;
    cito_upload *file = cito_arena_take(m->arena, sizeof *file);
    cito_str data = cito_arena_copy_str(m->arena, content.data, content.len);
    if (!file || !data.data)
        return false;
    *file = (cito_upload){ filename, part_text(m, head->content_type), content.len, data.data };
    return add_part(m, &(cito_form_part){ part_text(m, head->name), CITO_STR(""), file });
}

static const char *count_part(multipart *m, bool is_file)
{
    if (is_file && ++m->files > m->limits.files)
        return too_many(m->arena, "files", m->limits.files);
    if (!is_file && ++m->fields > m->limits.fields)
        return too_many(m->arena, "fields", m->limits.fields);
    return NULL;
}

/* One part, from behind its boundary line to behind the next one. */
static const char *parse_part(multipart *m, after_boundary *out_after)
{
    part_head head = { 0 };
    *out_after = read_part_headers(m, &head);
    if (*out_after != AFTER_PART)
        return *out_after == AFTER_BROKEN ? broken : NULL;
    read_disposition(m->arena, &head);
    if (!head.name.data)
        return "The Content-Disposition header field \"name\" must be provided.";
    bool is_file = head.filename.data || head.extended_filename.data;
    const char *wrong = count_part(m, is_file);
    if (wrong)
        return wrong;
    cito_str content;
    *out_after = find_content(m, &content);
    if (!is_file && content.len > m->limits.field_size)
        return too_large(m->arena, "Part", m->limits.field_size);
    if (*out_after == AFTER_BROKEN)
        return broken;
    if (*out_after == AFTER_NOTHING)
        return NULL;
    bool added =
        is_file ? add_file(m, &head, content) : add_part(m, &(cito_form_part){ part_text(m, head.name), part_text(m, content), NULL });
    return added && !m->arena->overflowed ? NULL : no_memory;
}

static const char *parse_parts(multipart *m)
{
    if (m->at == m->end)
        return NULL;
    const char *boundary = find_first_boundary(m);
    if (!boundary)
        return broken;
    after_boundary after = look_behind_boundary(boundary, m->end, &m->at);
    if (after == AFTER_DATA || after == AFTER_BROKEN)
        return broken;
    while (after == AFTER_PART) {
        const char *wrong = parse_part(m, &after);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static bool is_utf8_name(cito_str charset)
{
    return cito_token_equal(charset, "utf-8") || cito_token_equal(charset, "utf8") || cito_token_equal(charset, "utf_8");
}

static const char *parse_multipart(cito_arena *arena, cito_parameters *parameters, cito_str body, const cito_form_limits *limits,
                                   cito_form *out_form)
{
    cito_str name, value, boundary = { 0 };
    multipart m = { .arena = arena, .limits = *limits, .form = out_form, .at = body.data, .end = body.data + body.len, .is_utf8 = true };
    while (cito_parameters_next(parameters, &name, &value)) {
        if (cito_token_equal(name, "boundary"))
            boundary = cito_parameters_unquote(arena, value);
        else if (cito_token_equal(name, "charset"))
            m.is_utf8 = is_utf8_name(cito_parameters_unquote(arena, value));
    }
    if (boundary.len == 0)
        return arena->overflowed ? no_memory : "Missing boundary in multipart.";
    if (boundary.len > BOUNDARY_SIZE)
        return broken;
    m.delimiter = cito_arena_format(arena, "\r\n--%.*s", (int)boundary.len, boundary.data);
    return m.delimiter.data ? parse_parts(&m) : no_memory;
}

const char *cito_form_parse(cito_arena *arena, cito_str content_type, cito_str body, const cito_form_limits *limits, cito_form *out_form)
{
    *out_form = (cito_form){ NULL, 0 };
    cito_form_limits known = limits_or_default(limits);
    cito_parameters parameters;
    cito_str type = cito_parameters_begin(&parameters, content_type);
    if (cito_token_equal(type, "application/x-www-form-urlencoded"))
        return parse_urlencoded(arena, body, &known, out_form);
    if (cito_token_equal(type, "multipart/form-data"))
        return parse_multipart(arena, &parameters, body, &known, out_form);
    return NULL;
}
