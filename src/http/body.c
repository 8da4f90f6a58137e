/* A request's body, by length or in chunks; see body.h and cito_http_parse_body in parser.h.
 *
 * Invariants: the machine keeps nothing of the row, only its state, what is left of the content and how many bytes the line may still take; so it may
 * be fed in any pieces. Content is handed on as slices. Everything else is looked at byte by byte: a chunk's line is short.
 * Strict as for heads: CRLF only, a size of hexadecimal digits only, extensions skipped but bounded, trailers checked, bounded and dropped (a trailer
 * that reached the application as a field could forge what was checked before).
 * Threading: a parser belongs to one connection. */
#include "http/body.h"
#include "http/scan.h"

typedef enum body_state {
    BODY_OVER,
    BODY_LENGTH,
    CHUNK_SIZE_FIRST, /* one digit must come */
    CHUNK_SIZE,
    CHUNK_BLANK, /* BWS before an extension's semicolon */
    CHUNK_EXTENSION,
    CHUNK_LINE_END,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_END,
    BODY_END, /* the LF of the last blank line */
    BODY_BROKEN
} body_state;

void cito_http_body_begin(cito_http_parser *parser, const cito_http_head *head)
{
    parser->left = head->content_length > 0 ? (uint64_t)head->content_length : 0;
    parser->state = parser->left > 0 ? BODY_LENGTH : BODY_OVER;
    if (head->chunked) {
        parser->state = CHUNK_SIZE_FIRST;
        parser->allowance = parser->limits.chunk_line;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* chunk = chunk-size [ chunk-ext ] CRLF (RFC 9112 section 7.1). NULL, or what is wrong. */
static const char *take_size(cito_http_parser *parser, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (parser->left > (uint64_t)INT64_MAX >> 4)
            return "a chunk's size is too large";
        parser->left = parser->left << 4 | (uint64_t)digit;
        parser->state = CHUNK_SIZE;
    } else if (parser->state == CHUNK_SIZE_FIRST) {
        return "a chunk's size is not a hexadecimal number";
    } else if (c == '\r') {
        parser->state = CHUNK_LINE_END;
    } else if (c == ';') {
        parser->state = CHUNK_EXTENSION;
    } else if (c == ' ' || c == '\t') {
        parser->state = CHUNK_BLANK;
    } else {
        return "a chunk's size is not a hexadecimal number";
    }
    return NULL;
}

static const char *take_extension(cito_http_parser *parser, char c)
{
    if (parser->state == CHUNK_BLANK) {
        if (c != ';' && c != ' ' && c != '\t')
            return "a chunk's size is followed by something else than an extension";
        if (c == ';')
            parser->state = CHUNK_EXTENSION;
        return NULL;
    }
    if (c == '\r')
        parser->state = CHUNK_LINE_END;
    else if (!cito_char_is(c, CITO_CHAR_TEXT))
        return "a control character in a chunk's extension";
    return NULL;
}

static const char *take_line_feed(cito_http_parser *parser, char c)
{
    if (c != '\n')
        return "a CR without LF in a chunked body";
    switch (parser->state) {
    case CHUNK_LINE_END:
        parser->state = parser->left > 0 ? CHUNK_DATA : TRAILER_START;
        parser->allowance = parser->limits.trailer_size;
        break;
    case CHUNK_DATA_LF:
        parser->state = CHUNK_SIZE_FIRST;
        parser->allowance = parser->limits.chunk_line;
        break;
    case TRAILER_END:
        parser->state = TRAILER_START;
        break;
    default:
        parser->state = BODY_OVER;
    }
    return NULL;
}

/* trailer-section = *( field-line CRLF ), to the same rules as the head's fields (RFC 9112 section 7.1.2). */
static const char *take_trailer(cito_http_parser *parser, char c)
{
    if (parser->state == TRAILER_VALUE) {
        if (c == '\r')
            parser->state = TRAILER_END;
        else if (!cito_char_is(c, CITO_CHAR_TEXT))
            return "a control character in a trailer field";
        return NULL;
    }
    if (parser->state == TRAILER_START && c == '\r') {
        parser->state = BODY_END;
        return NULL;
    }
    if (parser->state == TRAILER_NAME && c == ':') {
        parser->state = TRAILER_VALUE;
        return NULL;
    }
    parser->state = TRAILER_NAME;
    return cito_char_is(c, CITO_CHAR_TOKEN) ? NULL : "a trailer field's name is not a name";
}

/* One byte that is no content. */
static const char *take_byte(cito_http_parser *parser, char c)
{
    /* The line's end is not counted: a line of exactly the limit passes, and CR and LF are two bytes at most. */
    bool counts = c != '\r' && c != '\n';
    if (counts && parser->allowance-- == 0)
        return parser->state < CHUNK_DATA ? "a chunk's line is too long" : "the trailer fields are too large";
    switch ((body_state)parser->state) {
    case CHUNK_SIZE_FIRST:
    case CHUNK_SIZE:
        return take_size(parser, c);
    case CHUNK_BLANK:
    case CHUNK_EXTENSION:
        return take_extension(parser, c);
    case CHUNK_DATA_CR:
        parser->state = CHUNK_DATA_LF;
        return c == '\r' ? NULL : "a chunk is longer than its size";
    case TRAILER_START:
    case TRAILER_NAME:
    case TRAILER_VALUE:
        return take_trailer(parser, c);
    default:
        return take_line_feed(parser, c);
    }
}

/* Content at data: as much as there is, at most what is left. */
static void take_content(cito_http_parser *parser, const char *data, size_t len, cito_str *out_piece)
{
    size_t size = len < parser->left ? len : (size_t)parser->left;
    *out_piece = (cito_str){ data, size };
    parser->left -= size;
    if (parser->left == 0)
        parser->state = parser->state == BODY_LENGTH ? BODY_OVER : CHUNK_DATA_CR;
}

cito_http_parse_result cito_http_parse_body(cito_http_parser *parser, const char *data, size_t len, size_t *out_used, cito_str *out_piece,
                                            cito_http_error *out_error)
{
    size_t used = 0;
    *out_piece = (cito_str){ "", 0 };
    while (used < len && parser->state != BODY_OVER) {
        if (parser->state == BODY_LENGTH || parser->state == CHUNK_DATA) {
            take_content(parser, data + used, len - used, out_piece);
            used += out_piece->len;
            break;
        }
        const char *wrong = parser->state == BODY_BROKEN ? "the body is broken" : take_byte(parser, data[used]);
        if (wrong) {
            parser->state = BODY_BROKEN;
            *out_used = used;
            *out_error = (cito_http_error){ 400, wrong };
            return CITO_HTTP_BAD;
        }
        used++;
    }
    *out_used = used;
    return parser->state == BODY_OVER ? CITO_HTTP_DONE : CITO_HTTP_NEED_MORE;
}
