/* E-mail addresses: RFC 5321 dot-atoms, RFC 6531 beyond ASCII, no quoted local parts, no address literals, no DNS; reasons as in
 * the library behind pydantic's EmailStr. Pure functions; any thread. */
#include "base/utf8.h"
#include "schema/coerce.h"
#include "schema/domain.h"
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 2048, ADDRESS_MAX = 254, DOMAIN_MAX = 253, LABEL_MAX = 63, BAD_MAX = 16 };

/* Lengths of text, not of bytes. */
static const char *too_many(cito_arena *arena, const char *what, size_t excess)
{
    return cito_arena_format(arena, "%s (%zu character%s too many).", what, excess, excess == 1 ? "" : "s").data;
}

/* RFC 5322, 3.2.3. */
static bool is_atext(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", (int)c));
}

static bool is_host_char(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 || c == '-';
}

static const char *show_character(cito_arena *arena, uint32_t c)
{
    if (c == ' ')
        return "SPACE";
    if (c < 0x20 || c == 0x7F)
        return cito_arena_format(arena, "U+%04X", c).data;
    if (c == '\\')
        return "\"\\\"";
    return cito_arena_format(arena, c == '\'' ? "\"%c\"" : "'%c'", (int)c).data;
}

static int compare_texts(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* The characters that may not stand there, each once, as 'x', SPACE or U+0001, sorted; NULL: all may. */
static const char *list_bad(cito_arena *arena, cito_str part, bool (*is_good)(uint32_t))
{
    const char *shown[BAD_MAX];
    uint32_t seen[BAD_MAX];
    size_t count = 0;
    const char *end = part.data + part.len;
    for (const char *at = part.data; at < end && count < BAD_MAX;) {
        uint32_t c;
        at += cito_utf8_read(at, end, &c);
        bool known = c == '.' || is_good(c);
        for (size_t i = 0; i < count; i++)
            known |= seen[i] == c;
        if (known)
            continue;
        seen[count] = c;
        shown[count++] = show_character(arena, c);
        if (!shown[count - 1])
            return NULL;
    }
    if (!count)
        return NULL;
    qsort(shown, count, sizeof *shown, compare_texts);
    cito_str list = CITO_STR("");
    for (size_t i = 0; i < count; i++)
        list = cito_arena_format(arena, "%s%s%s", list.data ? list.data : "", i ? ", " : "", shown[i]);
    return list.data;
}

/* Characters that are not seen, or that change what is seen: blanks, joiners, direction marks; a combining mark with nothing before it. */
static const char *find_unsafe(cito_arena *arena, cito_str part)
{
    static const struct {
        uint32_t code_point;
        const char *name;
    } names[] = { { 0xA0, "NO-BREAK SPACE" },
                  { 0xAD, "SOFT HYPHEN" },
                  { 0x200B, "ZERO WIDTH SPACE" },
                  { 0x200C, "ZERO WIDTH NON-JOINER" },
                  { 0x200D, "ZERO WIDTH JOINER" },
                  { 0x200E, "LEFT-TO-RIGHT MARK" },
                  { 0x200F, "RIGHT-TO-LEFT MARK" },
                  { 0x2028, "LINE SEPARATOR" },
                  { 0x2029, "PARAGRAPH SEPARATOR" },
                  { 0x202A, "LEFT-TO-RIGHT EMBEDDING" },
                  { 0x202B, "RIGHT-TO-LEFT EMBEDDING" },
                  { 0x202C, "POP DIRECTIONAL FORMATTING" },
                  { 0x202D, "LEFT-TO-RIGHT OVERRIDE" },
                  { 0x202E, "RIGHT-TO-LEFT OVERRIDE" },
                  { 0x2060, "WORD JOINER" },
                  { 0x3000, "IDEOGRAPHIC SPACE" },
                  { 0xFEFF, "ZERO WIDTH NO-BREAK SPACE" } };
    const char *end = part.data + part.len;
    for (const char *at = part.data; at < end;) {
        bool first = at == part.data;
        uint32_t c;
        at += cito_utf8_read(at, end, &c);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (names[i].code_point == c)
                return cito_arena_format(arena, "The email address contains unsafe characters: %s.", names[i].name).data;
        bool is_mark = (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x20D0 && c <= 0x20FF);
        if ((first && is_mark) || (c >= 0x80 && c < 0xA0) || (c >= 0x2000 && c <= 0x200A) || (c >= 0x2066 && c <= 0x206F) ||
            (c >= 0xE000 && c <= 0xF8FF))
            return cito_arena_format(arena, "The email address contains unsafe characters: U+%04X.", c).data;
    }
    return NULL;
}

static bool has(cito_str part, const char *needle) { return memmem(part.data, part.len, needle, strlen(needle)) != NULL; }

static const char *check_local(cito_arena *arena, cito_str local)
{
    if (!local.len)
        return "There must be something before the @-sign.";
    const char *bad = list_bad(arena, local, is_atext);
    if (bad)
        return cito_arena_format(arena, "The email address contains invalid characters before the @-sign: %s.", bad).data;
    if (local.data[0] == '.')
        return "An email address cannot start with a period.";
    if (local.data[local.len - 1] == '.')
        return "An email address cannot have a period immediately before the @-sign.";
    if (has(local, ".."))
        return "An email address cannot have two periods in a row.";
    return find_unsafe(arena, local);
}

static const char *check_domain_dots(cito_str domain)
{
    if (domain.data[domain.len - 1] == '.')
        return "An email address cannot end with a period.";
    if (domain.data[0] == '.')
        return "An email address cannot have a period immediately after the @-sign.";
    if (has(domain, ".."))
        return "An email address cannot have two periods in a row.";
    if (domain.data[domain.len - 1] == '-')
        return "An email address cannot end with a hyphen.";
    if (domain.data[0] == '-')
        return "An email address cannot have a hyphen immediately after the @-sign.";
    if (has(domain, ".-") || has(domain, "-."))
        return "An email address cannot have a period and a hyphen next to each other.";
    return NULL;
}

static const char *check_labels(cito_arena *arena, cito_str ascii)
{
    if (ascii.len > DOMAIN_MAX)
        return too_many(arena, "The email address is too long after the @-sign", ascii.len - DOMAIN_MAX);
    for (const char *at = ascii.data, *end = at + ascii.len; at < end;) {
        const char *dot = memchr(at, '.', (size_t)(end - at)), *stop = dot ? dot : end;
        size_t len = (size_t)(stop - at);
        if (len >= 4 && at[2] == '-' && at[3] == '-' && memcmp(at, "xn", 2) != 0)
            return "An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except "
                   "Punycode.";
        if (len > LABEL_MAX)
            return too_many(arena, "After the @-sign, periods cannot be separated by so many characters", len - LABEL_MAX);
        at = stop + (dot != NULL);
    }
    return NULL;
}

/* RFC 6761 and its like: domains that mail never reaches. */
static const char *check_top(cito_str ascii)
{
    static const char *const special[] = { "arpa", "invalid", "local", "localhost", "onion", "test" };
    const char *dot = memrchr(ascii.data, '.', ascii.len);
    if (!dot)
        return "The part after the @-sign is not valid. It should have a period.";
    char last = ascii.data[ascii.len - 1];
    if (last < 'a' || last > 'z')
        /* An xn-- label may end in a digit and still be a name of letters. */
        if ((size_t)(ascii.data + ascii.len - dot) < 6 || memcmp(dot + 1, "xn--", 4) != 0)
            return "The part after the @-sign is not valid. It is not within a valid top-level domain.";
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(dot + 1, special[i]) == 0)
            return "The part after the @-sign is a special-use or reserved name that cannot be used with email.";
    return NULL;
}

/* Symbols and pictures are in no mail domain (RFC 5892: neither letters nor digits). */
static const char *find_symbol(cito_arena *arena, const uint32_t *points, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((points[i] >= 0x2010 && points[i] <= 0x2BFF) || (points[i] >= 0x1F000 && points[i] <= 0x1FAFF) ||
            (points[i] >= 0x80 && points[i] <= 0xB6)) {
            char shown[4 * 64 + 1];
            size_t len = 0;
            for (size_t j = 0; j < count && j < 64; j++)
                len += cito_utf8_write(points[j], shown + len);
            shown[len] = '\0';
            return cito_arena_format(arena, "The part after the @-sign is invalid (Codepoint U+%04X at position %zu of '%s' not allowed).",
                                     points[i], i + 1, shown)
                .data;
        }
    return NULL;
}

/* The domain as people read it: lower case, Punycode undone. */
static const char *write_readable(cito_arena *arena, cito_str ascii, cito_buffer *out)
{
    for (const char *at = ascii.data, *end = at + ascii.len; at < end;) {
        const char *dot = memchr(at, '.', (size_t)(end - at)), *stop = dot ? dot : end;
        uint32_t points[LABEL_MAX + 1];
        bool is_ace = stop - at > 4 && memcmp(at, "xn--", 4) == 0;
        int count = is_ace ? cito_punycode_decode(at + 4, (size_t)(stop - at - 4), points, LABEL_MAX + 1) : -1;
        const char *problem = count > 0 ? find_symbol(arena, points, (size_t)count) : NULL;
        if (problem)
            return problem;
        for (int i = 0; i < count; i++) {
            char *to = cito_buffer_reserve(out, 4);
            out->len += cito_utf8_write(points[i], to);
        }
        if (count < 0)
            cito_buffer_append(out, at, (size_t)(stop - at));
        if (dot)
            cito_buffer_append_char(out, '.');
        at = stop + (dot != NULL);
    }
    return NULL;
}

static const char *check_domain(cito_arena *arena, cito_str domain, cito_buffer *ascii, cito_buffer *readable)
{
    if (!domain.len)
        return "There must be something after the @-sign.";
    if (domain.data[0] == '[' && domain.data[domain.len - 1] == ']')
        return "A bracketed IP address after the @-sign is not allowed here.";
    const char *bad = list_bad(arena, domain, is_host_char);
    if (bad)
        return cito_arena_format(arena, "The part after the @-sign contains invalid characters: %s.", bad).data;
    const char *problem = find_unsafe(arena, domain);
    if (!problem)
        problem = check_domain_dots(domain);
    if (problem)
        return problem;
    if (!cito_domain_to_ascii(domain, ascii))
        return "The part after the @-sign is not valid IDNA.";
    cito_str text = { ascii->data, ascii->len };
    cito_buffer_append_char(ascii, '\0'); /* so that the last label is a C string */
    problem = check_labels(arena, text);
    if (!problem)
        problem = check_top(text);
    return problem ? problem : write_readable(arena, text, readable);
}

/* What stands in `Name <address>`: the address, or the text itself where it has no such form. */
static const char *strip_name(cito_str text, cito_str *out)
{
    *out = text;
    const char *open = memchr(text.data, '<', text.len), *at_sign = memchr(text.data, '@', text.len);
    if (!open || (at_sign && at_sign < open))
        return NULL;
    const char *close = memrchr(text.data, '>', text.len), *end = text.data + text.len;
    if (!close || close < open)
        return "An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end.";
    if (close + 1 != end)
        return "There can't be anything after the email address.";
    cito_str name = cito_text_trim((cito_str){ text.data, (size_t)(open - text.data) });
    bool is_quoted = name.len >= 2 && name.data[0] == '"' && name.data[name.len - 1] == '"';
    if (!is_quoted && memchr(name.data, '.', name.len))
        return "The display name contains invalid characters when not quoted: '.'.";
    *out = cito_text_trim((cito_str){ open + 1, (size_t)(close - open - 1) });
    return NULL;
}

/* The first @ outside quotes; NULL where there is none. */
static const char *find_sign(cito_str text)
{
    bool quoted = false;
    for (const char *at = text.data, *end = at + text.len; at < end; at++) {
        if (*at == '@' && !quoted)
            return at;
        if (*at == '\\' && quoted && at + 1 < end)
            at++;
        else if (*at == '"')
            quoted = !quoted;
    }
    return NULL;
}

static const char *parse_address(cito_str text, cito_arena *arena, cito_buffer *ascii, cito_buffer *readable, cito_str *out)
{
    if (cito_utf8_count(text.data, text.len) > TEXT_MAX)
        return "Length must not exceed 2048 characters";
    const char *problem = strip_name(cito_text_trim(text), &text);
    if (problem)
        return problem;
    const char *sign = find_sign(text);
    if (sign && text.data[0] == '"')
        return sign - text.data == 2 ? "There must be something before the @-sign."
                                     : "Quoting the part before the @-sign is not allowed here.";
    if (!sign && has(text, "\xEF\xBC\xA0"))
        return "The email address has the \"full-width\" at-sign (@) character instead of a regular at-sign.";
    if (!sign)
        return "An email address must have an @-sign.";
    cito_str local = { text.data, (size_t)(sign - text.data) }, domain = { sign + 1, (size_t)(text.data + text.len - sign - 1) };
    problem = check_local(arena, local);
    if (!problem)
        problem = check_domain(arena, domain, ascii, readable);
    if (problem)
        return problem;
    size_t length = cito_utf8_count(local.data, local.len) + 1 + cito_utf8_count(readable->data, readable->len);
    if (length > ADDRESS_MAX)
        return too_many(arena, "The email address is too long", length - ADDRESS_MAX);
    char *made = cito_arena_take(arena, local.len + readable->len + 2);
    if (!made)
        return "out of memory";
    memcpy(made, local.data, local.len);
    made[local.len] = '@';
    memcpy(made + local.len + 1, readable->data, readable->len);
    *out = (cito_str){ made, local.len + 1 + readable->len };
    made[out->len] = '\0';
    return NULL;
}

const char *cito_email_parse(cito_str text, cito_arena *arena, cito_str *out)
{
    cito_buffer ascii, readable;
    cito_buffer_init(&ascii);
    cito_buffer_init(&readable);
    const char *problem = parse_address(text, arena, &ascii, &readable, out);
    cito_buffer_finish(&ascii);
    cito_buffer_finish(&readable);
    return problem;
}

bool cito_coerce_email(cito_decoding *decoding, const cito_scalar *scalar, const cito_loc *loc, cito_str *out)
{
    cito_decoding_floor(decoding, CITO_LAX);
    if (scalar->token != CITO_JSON_STRING)
        return cito_decoding_fail(decoding, "string_type", loc, scalar->input, NULL);
    const char *problem = cito_email_parse(scalar->text, decoding->arena, out);
    return !problem ||
           cito_decoding_fail_text(decoding, "value_error", loc, scalar->input, "reason", (cito_str){ problem, strlen(problem) });
}
