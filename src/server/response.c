/* Response: the bytes of an answer's head, written in one go into room reserved once.
 *
 * Invariant: nothing that a field's name or value holds can end a line. Threading: any. */
#include "server/response.h"

#include "http/status.h"
#include <strings.h>

/* RFC 9110 section 5.6.2: what a token is made of. */
static const bool is_token[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1,         ['+'] = 1,         ['-'] = 1,
    ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1,  ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};
/* RFC 9110 section 5.5: these in a value would end the line for one recipient or another. */
static const bool is_unsafe[256] = { ['\0'] = 1, ['\r'] = 1, ['\n'] = 1 };

enum { STATUS_LINE_MAX = 64, OWN_FIELDS_MAX = 128 };

static bool name_is(const cito_header *header, const char *name, size_t len)
{
    return header->name.len == len && strncasecmp(header->name.data, name, len) == 0;
}
#define NAME_IS(HEADER, LITERAL) name_is(HEADER, "" LITERAL, sizeof(LITERAL) - 1)

static bool is_sound(const cito_header *header)
{
    bool token = header->name.len > 0, unsafe = false;
    for (size_t i = 0; i < header->name.len; i++)
        token &= is_token[(unsigned char)header->name.data[i]];
    for (size_t i = 0; i < header->value.len; i++)
        unsafe |= is_unsafe[(unsigned char)header->value.data[i]];
    return token && !unsafe;
}

static int64_t read_number(cito_str text)
{
    int64_t number = text.len > 0 && text.len <= 18 ? 0 : -1;
    for (size_t i = 0; number >= 0 && i < text.len; i++)
        number = text.data[i] >= '0' && text.data[i] <= '9' ? number * 10 + (text.data[i] - '0') : -1;
    return number;
}

void cito_response_scan_headers(const cito_header *headers, size_t count, cito_response_scan *out_scan)
{
    *out_scan = (cito_response_scan){ .content_length = -1 };
    for (size_t i = 0; i < count; i++) {
        const cito_header *header = &headers[i];
        if (!is_sound(header)) {
            out_scan->bad = true;
            out_scan->bad_name = header->name.len > 0 ? header->name.data : "(no name)";
            return;
        }
        out_scan->size += header->name.len + header->value.len + 4;
        switch (header->name.len) { /* the lengths of the names that matter: most fields are passed over by one comparison */
        case 4:
            out_scan->has_date |= NAME_IS(header, "date");
            break;
        case 6:
            out_scan->has_server |= NAME_IS(header, "server");
            break;
        case 10:
            out_scan->close |= NAME_IS(header, "connection") && header->value.len == 5 && strncasecmp(header->value.data, "close", 5) == 0;
            break;
        case 14:
            if (NAME_IS(header, "content-length"))
                out_scan->content_length = read_number(header->value);
            break;
        default:
            break;
        }
    }
}

size_t cito_response_write_number(uint64_t number, char *out)
{
    char digits[20];
    size_t count = 0;
    do
        digits[sizeof digits - ++count] = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(out, digits + sizeof digits - count, count);
    return count;
}

static char *put(char *at, const char *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}
#define PUT(AT, LITERAL) put(AT, "" LITERAL, sizeof(LITERAL) - 1)

static char *put_status(char *at, int status)
{
    if (status == 200)
        return PUT(at, "HTTP/1.1 200 OK");
    const char *phrase = cito_http_status_phrase(status);
    size_t phrase_len = strlen(phrase);
    at = PUT(at, "HTTP/1.1 ");
    *at++ = (char)('0' + status / 100 % 10);
    *at++ = (char)('0' + status / 10 % 10);
    *at++ = (char)('0' + status % 10);
    *at++ = ' '; /* stands even where there is no phrase: RFC 9112 section 4 */
    return put(at, phrase, phrase_len < STATUS_LINE_MAX - 16 ? phrase_len : STATUS_LINE_MAX - 16);
}

/* The server's fields, without those that the application gives itself. */
static char *put_own_fields(char *at, cito_str fields, const cito_response_scan *scan)
{
    if (!scan->has_date && !scan->has_server)
        return put(at, fields.data, fields.len);
    at = PUT(at, "\r\n");
    const char *field = fields.data + 2, *end = fields.data + fields.len;
    while (field < end) {
        const char *next = (const char *)memchr(field, '\n', (size_t)(end - field)) + 1;
        if (!(*field == 'd' && scan->has_date) && !(*field == 's' && scan->has_server))
            at = put(at, field, (size_t)(next - field));
        field = next;
    }
    return at;
}

static bool is_servers(const cito_header *header, cito_framing framing)
{
    switch (header->name.len) {
    case 10:
        return NAME_IS(header, "connection");
    case 14:
        return framing != CITO_FRAMING_GIVEN && NAME_IS(header, "content-length");
    case 17:
        return NAME_IS(header, "transfer-encoding");
    default:
        return false;
    }
}

void cito_response_write_head(cito_buffer *out, const cito_response_head *head, const cito_response_scan *scan)
{
    char *at = cito_buffer_reserve(out, STATUS_LINE_MAX + head->fields.len + scan->size + OWN_FIELDS_MAX);
    at = put_status(at, head->status);
    at = put_own_fields(at, head->fields, scan);
    if (head->framing == CITO_FRAMING_LENGTH) {
        at = PUT(at, "content-length: ");
        at += cito_response_write_number(head->body_len, at);
        at = PUT(at, "\r\n");
    }
    for (size_t i = 0; i < head->header_count; i++) {
        const cito_header *header = &head->headers[i];
        if (is_servers(header, head->framing))
            continue;
        at = put(at, header->name.data, header->name.len);
        at = PUT(at, ": ");
        at = put(at, header->value.data, header->value.len);
        at = PUT(at, "\r\n");
    }
    if (head->framing == CITO_FRAMING_CHUNKED)
        at = PUT(at, "transfer-encoding: chunked\r\n");
    if (head->connection) {
        at = PUT(at, "connection: ");
        at = put(at, head->connection, strlen(head->connection));
        at = PUT(at, "\r\n");
    }
    at = PUT(at, "\r\n");
    out->len = (size_t)(at - out->data);
}
