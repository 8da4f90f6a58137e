/* Bytes to text; see decode.h.
 *
 * Invariants: what goes out is valid UTF-8 with a NUL behind it. The usual text is valid already and only checked.
 * Threading: nothing is kept but in the arena. */
#include "http/decode.h"
#include "base/utf8.h"

#include <string.h>

/* The bytes that one U+FFFD stands for: a lead byte with those continuation bytes that could still have led to a character. */
static size_t broken_length(const uint8_t *at, size_t len)
{
    uint8_t lead = at[0], low = 0x80, high = 0xbf;
    size_t more = lead >= 0xc2 && lead <= 0xdf ? 1 : (lead & 0xf0) == 0xe0 ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
    /* RFC 3629 section 4: the second byte excludes overlong forms, surrogates and what is past U+10FFFF. */
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    size_t used = 1;
    while (used <= more && used < len && at[used] >= low && at[used] <= high) {
        used++;
        low = 0x80;
        high = 0xbf;
    }
    return used;
}

/* Writes where out is given; gives the size either way. */
static size_t replace_broken(const char *data, size_t len, char *out)
{
    size_t size = 0;
    while (len > 0) {
        size_t valid = cito_utf8_valid_prefix(data, len);
        if (out)
            memcpy(out + size, data, valid);
        size += valid;
        data += valid;
        len -= valid;
        if (len == 0)
            break;
        if (out)
            memcpy(out + size, "\xef\xbf\xbd", 3);
        size += 3;
        size_t broken = broken_length((const uint8_t *)data, len);
        data += broken;
        len -= broken;
    }
    return size;
}

cito_str cito_decode_utf8(cito_arena *arena, const char *data, size_t len)
{
    if (len == 0)
        return CITO_STR("");
    if (cito_utf8_is_valid(data, len))
        return (cito_str){ data, len };
    size_t size = replace_broken(data, len, NULL);
    char *text = cito_arena_take(arena, size + 1);
    if (!text)
        return CITO_STR("");
    replace_broken(data, len, text);
    text[size] = '\0';
    return (cito_str){ text, size };
}

cito_str cito_decode_latin1(cito_arena *arena, const char *data, size_t len)
{
    size_t size = len;
    for (size_t i = 0; i < len; i++)
        size += (uint8_t)data[i] >> 7;
    char *text = cito_arena_take(arena, size + 1);
    if (!text)
        return CITO_STR("");
    char *out = text;
    for (size_t i = 0; i < len; i++)
        out += cito_utf8_write((uint8_t)data[i], out);
    *out = '\0';
    return (cito_str){ text, size };
}
