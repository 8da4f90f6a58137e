/* A request's head, read in one go; see head.h.
 *
 * Invariants: while the lines are read nothing is written, because the head may not be whole yet and the caller's bytes must then be as they came.
 * Only when the blank line has been found does finish_head lower names and put NULs; nothing looks at the ends of lines after that. A control
 * character or a limit is left to the search for the head's end (parser.c), so that a head in pieces is refused with the same words as a whole one.
 * Threading: nothing is kept. */
#include "http/head.h"
#include "http/known.h"
#include "http/scan.h"

#include <string.h>

typedef struct reader {
    const cito_http_limits *limits;
    const char *row, *at, *end;
    cito_http_head *head;
    cito_http_error *error;
} reader;

static cito_head_reading wrong(reader *r, int status, const char *text)
{
    *r->error = (cito_http_error){ status, text };
    return CITO_HEAD_WRONG;
}

/* CRLF at `at`. RFC 9112 section 2.2: a bare CR is refused, and so is the bare LF that a recipient may accept. */
static inline cito_head_reading read_line_end(reader *r, const char *at)
{
    if (r->end - at < 2)
        return CITO_HEAD_SHORT;
    if (at[0] != '\r' || at[1] != '\n')
        return CITO_HEAD_UNFIT;
    r->at = at + 2;
    return CITO_HEAD_WHOLE;
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT, and the line's end. A later minor is served as 1.1 (RFC 9110 section 2.5). */
static cito_head_reading read_version(reader *r)
{
    const char *at = r->at;
    const char *no_version = "the request line does not end in HTTP/1.1";
    /* Ten bytes are fewer than any whole head has left here; of a head in pieces the search for its end says that more must come. */
    if (r->end - at < 10)
        return wrong(r, 400, no_version);
    unsigned major = (unsigned)(uint8_t)at[5] - '0', minor = (unsigned)(uint8_t)at[7] - '0';
    if (memcmp(at, "HTTP/", 5) != 0 || major > 9 || at[6] != '.' || minor > 9)
        return wrong(r, 400, no_version);
    if (at[8] != '\r' && at[8] != '\n')
        return wrong(r, 400, "something stands behind the version in the request line");
    if (major != 1)
        return wrong(r, 505, "only HTTP/1.0 and HTTP/1.1 are served here");
    r->head->minor = minor > 0;
    return read_line_end(r, at + 8);
}

/* The length of "http://" or "https://" in any case at the target's start, else 0. */
static size_t scheme_length(cito_str target)
{
    for (size_t len = 7; len <= 8; len++) {
        if (target.len > len && cito_token_equal((cito_str){ target.data, len }, len == 7 ? "http://" : "https://"))
            return len;
    }
    return 0;
}

static size_t authority_length(cito_str target, size_t scheme)
{
    size_t end = scheme;
    while (end < target.len && target.data[end] != '/' && target.data[end] != '?')
        end++;
    return end - scheme;
}

/* RFC 9112 section 3.2: origin-form, absolute-form, and the asterisk of OPTIONS. */
static cito_head_reading check_target(reader *r)
{
    cito_str method = r->head->method, target = r->head->target;
    if (target.len == 0)
        return wrong(r, 400, "the request line has no target");
    if (target.data[0] == '/')
        return CITO_HEAD_WHOLE;
    if (method.len == 7 && memcmp(method.data, "CONNECT", 7) == 0)
        return wrong(r, 501, "CONNECT is for proxies, which this server is not");
    if (target.len == 1 && target.data[0] == '*') {
        bool asks_server = method.len == 7 && memcmp(method.data, "OPTIONS", 7) == 0;
        return asks_server ? CITO_HEAD_WHOLE : wrong(r, 400, "only OPTIONS may have the target *");
    }
    size_t scheme = scheme_length(target);
    if (!scheme)
        return wrong(r, 400, "the target does not begin with a slash");
    cito_str authority = { target.data + scheme, authority_length(target, scheme) };
    if (authority.len == 0 || !cito_host_is_valid(authority))
        return wrong(r, 400, "the target's authority is not a valid host");
    return CITO_HEAD_WHOLE;
}

static cito_head_reading read_request_line(reader *r)
{
    const char *line = r->at;
    const char *at = cito_scan_token(r->row, line, r->end);
    if (at == r->end)
        return CITO_HEAD_SHORT;
    if (*at != ' ' || at == line)
        return wrong(r, 400, "the request line does not begin with a method and a blank");
    r->head->method = (cito_str){ line, (size_t)(at - line) };

    const char *target = at + 1;
    at = cito_scan_target(r->row, target, r->end);
    if (at == r->end)
        return CITO_HEAD_SHORT;
    if (*at != ' ')
        return wrong(r, 400, *at == '\r' ? "the request line has no version" : "the target has a character that must be percent-encoded");
    r->head->target = (cito_str){ target, (size_t)(at - target) };
    cito_head_reading checked = check_target(r);
    if (checked != CITO_HEAD_WHOLE)
        return checked;

    r->at = at + 1;
    cito_head_reading ended = read_version(r);
    if (ended == CITO_HEAD_WHOLE && (size_t)(r->at - 2 - line) > r->limits->request_line)
        return CITO_HEAD_UNFIT;
    return ended;
}

static cito_head_reading wrong_name(reader *r, const char *line, const char *at)
{
    if (at == line && (*at == ' ' || *at == '\t'))
        return wrong(r, 400, "a field is folded over two lines, or a blank stands before it"); /* RFC 9112 sections 2.2, 5.2 */
    if (at == line && *at == ':')
        return wrong(r, 400, "a field has no name");
    if (*at == ' ' || *at == '\t')
        return wrong(r, 400, "a blank stands between a field's name and its colon"); /* RFC 9112 section 5.1 */
    if (*at == '\r')
        return wrong(r, 400, "a field line has no colon");
    return wrong(r, 400, "a field's name has a character that no name may have");
}

/* field-line = field-name ":" OWS field-value OWS (RFC 9112 section 5). */
static inline cito_head_reading read_field(reader *r, cito_header *out_field)
{
    const char *line = r->at;
    const char *colon = cito_scan_token(r->row, line, r->end);
    if (colon == r->end)
        return CITO_HEAD_SHORT;
    if (*colon != ':' || colon == line)
        return wrong_name(r, line, colon);

    const char *value = colon + 1;
    while (value < r->end && (*value == ' ' || *value == '\t'))
        value++;
    const char *value_end = cito_scan_text(r->row, value, r->end);
    cito_head_reading ended = read_line_end(r, value_end);
    if (ended != CITO_HEAD_WHOLE)
        return ended;
    if ((size_t)(value_end - line) > r->limits->field_size)
        return CITO_HEAD_UNFIT;
    while (value_end > value && (value_end[-1] == ' ' || value_end[-1] == '\t'))
        value_end--;
    out_field->name = (cito_str){ line, (size_t)(colon - line) };
    out_field->value = (cito_str){ value, (size_t)(value_end - value) };
    return CITO_HEAD_WHOLE;
}

static cito_head_reading read_fields(reader *r)
{
    size_t count = 0;
    while (r->end - r->at >= 2) {
        if (*r->at == '\r') {
            cito_head_reading ended = read_line_end(r, r->at);
            r->head->header_count = count;
            return ended;
        }
        if (count == r->limits->field_count)
            return CITO_HEAD_UNFIT;
        cito_head_reading field = read_field(r, &r->head->headers[count]);
        if (field != CITO_HEAD_WHOLE)
            return field;
        count++;
    }
    return CITO_HEAD_SHORT;
}

/* Capital letters of eight bytes at once: adding carries into bit 7 of each byte that is at least 'A', and of each that is past 'Z'. Names hold no
 * byte over 0x7f, and bytes beyond the name are not touched, for `within` has their bits off. */
static inline uint64_t lower_word(uint64_t word, uint64_t within)
{
    const uint64_t every = 0x0101010101010101u;
    uint64_t low = word & (every * 0x7f);
    uint64_t from_a = low + every * (0x80 - 'A'), past_z = low + every * (0x80 - 'Z' - 1);
    uint64_t capital = from_a & ~past_z & ~word & (every * 0x80);
    return word | ((capital >> 2) & within);
}

/* A name of under eight bytes is lowered in the word that ends with it: a request line stands before it, so those bytes exist. The last word of a
 * longer one overlaps the word before; it is loaded before anything is stored, for a load that spans a fresh store and older bytes would wait. */
static inline void lower_name(char *name, size_t len)
{
    uint64_t word, last, within = ~(uint64_t)0;
    if (len < 8) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        within <<= 8 * (8 - len);
#else
        within >>= 8 * (8 - len);
#endif
    }
    memcpy(&last, name + len - 8, 8);
    for (size_t i = 0; i + 8 < len; i += 8) {
        memcpy(&word, name + i, 8);
        word = lower_word(word, ~(uint64_t)0);
        memcpy(name + i, &word, 8);
    }
    last = lower_word(last, within);
    memcpy(name + len - 8, &last, 8);
}

/* An absolute-form becomes host and origin-form. The scheme's bytes make room: the authority moves to the left by two, then there is a place for the
 * NUL behind it and, where the path is empty, for its slash. An empty path with OPTIONS is the asterisk (RFC 9112 section 3.2.4). */
static void split_absolute_target(char *target, cito_http_head *head)
{
    size_t scheme = scheme_length(head->target);
    size_t authority = authority_length(head->target, scheme), rest = scheme + authority;
    char *host = target + scheme - 2;
    memmove(host, target + scheme, authority);
    host[authority] = '\0';
    head->host = (cito_str){ host, authority };
    if (rest == head->target.len || target[rest] != '/') {
        bool asks_server = rest == head->target.len && head->method.len == 7 && memcmp(head->method.data, "OPTIONS", 7) == 0;
        target[--rest] = asks_server ? '*' : '/';
    }
    head->target = (cito_str){ target + rest, head->target.len - rest };
}

/* The head is whole: from here on the row is ours. */
static cito_head_reading finish_head(reader *r, char *data)
{
    cito_http_head *head = r->head;
    cito_known_fields known = { 0 };
    char *target = data + (head->target.data - data);
    data[head->method.data + head->method.len - data] = '\0';
    target[head->target.len] = '\0';
    if (*target != '/' && *target != '*')
        split_absolute_target(target, head);
    for (size_t i = 0; i < head->header_count; i++) {
        cito_header *field = &head->headers[i];
        lower_name(data + (field->name.data - data), field->name.len);
        data[field->name.data + field->name.len - data] = '\0';
        data[field->value.data + field->value.len - data] = '\0';
        if (!cito_known_fields_note(&known, field, head, r->error))
            return CITO_HEAD_REFUSED;
    }
    return cito_known_fields_settle(&known, head, r->error) ? CITO_HEAD_WHOLE : CITO_HEAD_REFUSED;
}

cito_head_reading cito_http_head_read(const cito_http_limits *limits, char *data, size_t len, cito_http_head *out_head,
                                      cito_http_error *out_error)
{
    cito_header *headers = out_head->headers;
    cito_str empty = { "", 0 };
    *out_head =
        (cito_http_head){ .headers = headers, .content_length = -1, .host = empty, .content_type = empty, .upgrade_protocol = empty };
    *out_error = (cito_http_error){ 400, "the head is malformed" };
    reader r = { limits, data, data, data + len, out_head, out_error };
    /* RFC 9112 section 2.2: an empty line before the request line is ignored. */
    if (len >= 2 && data[0] == '\r' && data[1] == '\n')
        r.at += 2;
    cito_head_reading reading = read_request_line(&r);
    if (reading == CITO_HEAD_WHOLE)
        reading = read_fields(&r);
    if (reading != CITO_HEAD_WHOLE)
        return reading;
    out_head->size = (size_t)(r.at - data);
    if (out_head->size > limits->head_size)
        return CITO_HEAD_UNFIT;
    return finish_head(&r, data);
}
