/* The fields that HTTP itself acts on; see known.h.
 *
 * Invariants: strict where a lenient reading lets two recipients see two messages (request smuggling, RFC 9112 section 11.2): one length only,
 * digits only, never together with a coding; `chunked` is the one coding.
 * Threading: nothing is kept. */
#include "http/known.h"
#include "http/scan.h"

#include <string.h>

static bool refuse(cito_http_error *out_error, int status, const char *text)
{
    *out_error = (cito_http_error){ status, text };
    return false;
}

bool cito_token_equal(cito_str token, const char *lower)
{
    for (size_t i = 0; i < token.len; i++) {
        char c = token.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (lower[i] == '\0' || c != lower[i])
            return false;
    }
    return lower[token.len] == '\0';
}

static bool is_port(const char *at, const char *end)
{
    if (end - at > 5)
        return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
    }
    return true;
}

/* IP-literal = "[" ( IPv6address / IPvFuture ) "]": the characters are checked, the address's own form is nobody's framing. */
static const char *skip_ip_literal(const char *at, const char *end)
{
    const char *first = ++at;
    while (at < end && *at != ']') {
        if (*at != ':' && !cito_char_is(*at, CITO_CHAR_HOST))
            return NULL;
        at++;
    }
    return at < end && at > first ? at + 1 : NULL;
}

bool cito_host_is_valid(cito_str host)
{
    const char *at = host.data, *end = host.data + host.len;
    if (at < end && *at == '[')
        at = skip_ip_literal(at, end);
    else
        at = cito_scan_by_table(at, end, CITO_CHAR_HOST);
    if (!at)
        return false;
    return at == end || (*at == ':' && at > host.data && is_port(at + 1, end));
}

/* Content-Length = 1*DIGIT (RFC 9110 section 8.6). A list of equal values may be accepted by section 8.6; refusing it is safer and allowed. */
static bool note_length(cito_known_fields *known, cito_str value, cito_http_head *head, cito_http_error *out_error)
{
    if (known->length_seen)
        return refuse(out_error, 400, "Content-Length is given twice");
    known->length_seen = true;
    if (value.len == 0)
        return refuse(out_error, 400, "Content-Length is empty");
    uint64_t length = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned digit = (unsigned)(uint8_t)value.data[i] - '0';
        if (digit > 9)
            return refuse(out_error, 400, "Content-Length is not a number");
        if (length > ((uint64_t)INT64_MAX - digit) / 10)
            return refuse(out_error, 413, "Content-Length is too large");
        length = length * 10 + digit;
    }
    head->content_length = (int64_t)length;
    return true;
}

static bool note_coding(cito_known_fields *known, cito_str value, cito_http_head *head, cito_http_error *out_error)
{
    if (known->coding_seen)
        return refuse(out_error, 400, "Transfer-Encoding is given twice");
    known->coding_seen = true;
    if (value.len == 0)
        return refuse(out_error, 400, "Transfer-Encoding is empty");
    if (!cito_token_equal(value, "chunked"))
        return refuse(out_error, 501, "Transfer-Encoding is supported as chunked alone");
    head->chunked = true;
    return true;
}

static bool note_host(cito_str value, cito_http_head *head, cito_http_error *out_error)
{
    if (head->has_host)
        return refuse(out_error, 400, "Host is given twice");
    head->has_host = true;
    if (!cito_host_is_valid(value))
        return refuse(out_error, 400, "Host is not a valid host");
    /* RFC 9112 section 3.2.2: an authority in the target, set before the fields are read, goes before the Host field. */
    if (head->host.len == 0)
        head->host = value;
    return true;
}

/* Connection = #connection-option (RFC 9110 section 7.6.1): a list, in any case, over several fields. */
static void note_connection(cito_known_fields *known, cito_str value)
{
    const char *at = value.data, *end = value.data + value.len;
    while (at < end) {
        while (at < end && (*at == ' ' || *at == '\t' || *at == ','))
            at++;
        const char *first = at;
        while (at < end && *at != ' ' && *at != '\t' && *at != ',')
            at++;
        cito_str option = { first, (size_t)(at - first) };
        if (cito_token_equal(option, "keep-alive"))
            known->keep_alive_asked = true;
        else if (cito_token_equal(option, "close"))
            known->close_asked = true;
        else if (cito_token_equal(option, "upgrade"))
            known->upgrade_asked = true;
    }
}

/* The first of several fields counts, as for a reader of Starlette's headers. */
static void note_first(bool *seen, cito_str *out, cito_str value)
{
    if (!*seen)
        *out = value;
    *seen = true;
}

/* The caller has compared the lengths. strlen of the literal is a constant, so that the comparison is one or two words and no call. */
__attribute__((always_inline)) static inline bool is_named(const cito_header *field, const char *name)
{
    return memcmp(field->name.data, name, strlen(name)) == 0;
}

bool cito_known_fields_note(cito_known_fields *known, const cito_header *field, cito_http_head *head, cito_http_error *out_error)
{
    /* By length first: two of three fields of a browser's request are dismissed by this jump. */
    switch (field->name.len) {
    case 4:
        return !is_named(field, "host") || note_host(field->value, head, out_error);
    case 6:
        if (is_named(field, "expect") && cito_token_equal(field->value, "100-continue"))
            known->continue_asked = true;
        return true;
    case 7:
        if (is_named(field, "upgrade"))
            note_first(&known->upgrade_seen, &head->upgrade_protocol, field->value);
        return true;
    case 10:
        if (is_named(field, "connection"))
            note_connection(known, field->value);
        return true;
    case 12:
        if (is_named(field, "content-type"))
            note_first(&known->content_type_seen, &head->content_type, field->value);
        return true;
    case 14:
        return !is_named(field, "content-length") || note_length(known, field->value, head, out_error);
    case 15:
        if (is_named(field, "x-forwarded-for"))
            head->forwarded = true;
        return true;
    case 17:
        if (is_named(field, "x-forwarded-proto")) {
            head->forwarded = true;
            return true;
        }
        return !is_named(field, "transfer-encoding") || note_coding(known, field->value, head, out_error);
    default:
        return true;
    }
}

bool cito_known_fields_settle(const cito_known_fields *known, cito_http_head *head, cito_http_error *out_error)
{
    bool is_old = head->minor == 0;
    if (!is_old && !head->has_host)
        return refuse(out_error, 400, "Host is missing");
    /* RFC 9112 section 6.1: HTTP/1.0 has no transfer codings, and both framings together is an attack. */
    if (known->coding_seen && is_old)
        return refuse(out_error, 400, "Transfer-Encoding in an HTTP/1.0 request");
    if (known->coding_seen && known->length_seen)
        return refuse(out_error, 400, "Content-Length and Transfer-Encoding together");
    /* RFC 9112 section 9.3. */
    head->keep_alive = !known->close_asked && (!is_old || known->keep_alive_asked);
    /* RFC 9110 sections 10.1.1 and 7.8: an HTTP/1.0 client's are ignored. */
    head->expect_continue = !is_old && known->continue_asked;
    head->upgrade = !is_old && known->upgrade_asked && head->upgrade_protocol.len > 0;
    return true;
}
