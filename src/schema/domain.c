/* Domain names as ASCII: lower case, full-width forms narrowed, labels beyond ASCII in Punycode.
 *
 * The mapping covers the scripts with case that domain names use (Latin, Greek, Cyrillic, full-width); text is taken as already composed (NFC).
 * Pure functions; any thread. Source: UTS 46 (non-transitional: sharp s stays), RFC 3492. */
#include "base/utf8.h"
#include "schema/domain.h"
#include <string.h>

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 128, LABEL_MAX = 256 };

uint32_t cito_domain_map(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E) /* full-width forms of ASCII */
        c -= 0xFEE0;
    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if (c < 0x80)
        return c;
    if (c == 0x3002 || c == 0xFF61)
        return '.';
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB && c != 0x3A2) || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if ((c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) || (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
        (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F) || (c >= 0x1E00 && c <= 0x1E95) || (c >= 0x1EA0 && c <= 0x1EFF))
        return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return c + (c & 1);
    return c == 0x178 ? 0xFF : c;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    uint32_t k = 0;
    for (; delta > ((BASE - T_MIN) * T_MAX) / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias) { return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias; }

static char digit(uint32_t value) { return (char)(value < 26 ? 'a' + value : '0' + (value - 26)); }

static void encode_delta(cito_buffer *out, uint32_t delta, uint32_t bias)
{
    uint32_t rest = delta;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);
        if (rest < t)
            break;
        cito_buffer_append_char(out, digit(t + (rest - t) % (BASE - t)));
        rest = (rest - t) / (BASE - t);
    }
    cito_buffer_append_char(out, digit(rest));
}

/* RFC 3492, 6.3. Labels are at most LABEL_MAX code points, so no sum overflows 32 bits. */
static void encode_label(cito_buffer *out, const uint32_t *points, size_t count)
{
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, done = 0;
    cito_buffer_append_literal(out, "xn--");
    for (size_t i = 0; i < count; i++)
        if (points[i] < 0x80) {
            cito_buffer_append_char(out, (char)points[i]);
            done++;
        }
    uint32_t basic = done;
    if (basic)
        cito_buffer_append_char(out, '-');
    while (done < count) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < count; i++)
            if (points[i] >= n && points[i] < next)
                next = points[i];
        delta += (next - n) * (done + 1);
        n = next;
        for (size_t i = 0; i < count; i++) {
            if (points[i] < n)
                delta++;
            if (points[i] != n)
                continue;
            encode_delta(out, delta, bias);
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
        delta++;
        n++;
    }
}

int cito_punycode_decode(const char *text, size_t len, uint32_t *points, size_t capacity)
{
    size_t count = 0, at = 0;
    for (size_t i = len; i-- > 0;)
        if (text[i] == '-') {
            for (; count < i && count < capacity; count++)
                points[count] = (unsigned char)text[count];
            at = i + 1;
            break;
        }
    uint64_t n = INITIAL_N, i = 0;
    uint32_t bias = INITIAL_BIAS;
    while (at < len) {
        uint64_t before = i, weight = 1;
        for (uint32_t k = BASE;; k += BASE) {
            if (at == len || weight > UINT32_MAX)
                return -1;
            char c = text[at++];
            int value = c >= 'a' && c <= 'z' ? c - 'a' : c >= '0' && c <= '9' ? c - '0' + 26 : -1;
            if (value < 0)
                return -1;
            i += (uint64_t)value * weight;
            uint32_t t = threshold(k, bias);
            if ((uint32_t)value < t)
                break;
            weight *= BASE - t;
        }
        if (count == capacity || i > UINT32_MAX)
            return -1;
        bias = adapt((uint32_t)(i - before), (uint32_t)count + 1, before == 0);
        n += i / (count + 1);
        i %= count + 1;
        if (n > 0x10FFFF || (n >= 0xD800 && n <= 0xDFFF))
            return -1;
        memmove(points + i + 1, points + i, (count - i) * sizeof *points);
        points[i++] = (uint32_t)n;
        count++;
    }
    return (int)count;
}

/* WHATWG URL, "forbidden domain code point". */
static bool is_forbidden(uint32_t c) { return c <= 0x20 || c == 0x7F || (c < 0x80 && strchr("#/:<>?@[\\]^|%", (int)c)); }

static bool is_valid_ace(const char *text, size_t len)
{
    uint32_t points[LABEL_MAX];
    int count = cito_punycode_decode(text, len, points, LABEL_MAX);
    bool wide = false;
    for (int i = 0; i < count; i++) {
        wide |= points[i] >= 0x80;
        if (points[i] >= 0x80 && points[i] < 0xA0) /* controls are in no domain */
            return false;
    }
    return wide;
}

static bool append_label(cito_buffer *out, const uint32_t *points, size_t count)
{
    bool wide = false;
    for (size_t i = 0; i < count; i++) {
        if (is_forbidden(points[i]))
            return false;
        wide |= points[i] >= 0x80;
    }
    if (wide) {
        encode_label(out, points, count);
        return true;
    }
    size_t start = out->len;
    for (size_t i = 0; i < count; i++)
        cito_buffer_append_char(out, (char)points[i]);
    const char *label = out->data + start;
    return count < 4 || memcmp(label, "xn--", 4) != 0 || is_valid_ace(label + 4, count - 4);
}

bool cito_domain_to_ascii(cito_str domain, cito_buffer *out)
{
    uint32_t points[LABEL_MAX];
    size_t count = 0;
    const char *at = domain.data, *end = at + domain.len;
    cito_buffer_reserve(out, domain.len);
    while (at < end) {
        uint32_t c;
        at += cito_utf8_read(at, end, &c);
        if (c == 0xAD || c == 0x200B || c == 0x2060 || c == 0xFEFF) /* ignored by UTS 46 */
            continue;
        c = cito_domain_map(c);
        if (c == '.') {
            if (!append_label(out, points, count))
                return false;
            cito_buffer_append_char(out, '.');
            count = 0;
        } else if (count == LABEL_MAX) {
            return false;
        } else {
            points[count++] = c;
        }
    }
    return append_label(out, points, count);
}
