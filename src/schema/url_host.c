/* Hosts of URLs: domains, IPv4 in all its number forms, IPv6 in its shortest text. Pure functions; any thread.
 * Source: WHATWG URL, "Host parsing"; RFC 5952. */
#include "schema/url_host.h"
#include "base/utf8.h"
#include "schema/domain.h"
#include <string.h>

static const char bad_ipv6[] = "invalid IPv6 address", bad_ipv4[] = "invalid IPv4 address",
                  bad_domain[] = "invalid international domain name";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One number of an IPv4 address: decimal, 0 octal, 0x hexadecimal; false where it is none. Capped far above 32 bits. */
static bool read_ipv4_number(const char *at, const char *end, uint64_t *out)
{
    unsigned base = 10;
    if (end - at >= 2 && at[0] == '0' && (at[1] | 0x20) == 'x') {
        base = 16;
        at += 2;
    } else if (end - at >= 2 && at[0] == '0') {
        base = 8;
        at++;
    }
    for (*out = 0; at < end; at++) {
        int value = hex_value(*at);
        if (value < 0 || (unsigned)value >= base)
            return false;
        if (*out < UINT64_C(1) << 40)
            *out = *out * base + (unsigned)value;
    }
    return true;
}

/* WHATWG "ends in a number checker". */
static bool ends_in_number(const char *at, size_t len)
{
    if (len && at[len - 1] == '.')
        len--;
    const char *dot = memrchr(at, '.', len), *last = dot ? dot + 1 : at, *end = at + len;
    if (last == end)
        return false;
    bool digits = true;
    for (const char *c = last; c < end; c++)
        digits &= *c >= '0' && *c <= '9';
    uint64_t ignored;
    return digits || (end - last >= 2 && last[0] == '0' && (last[1] | 0x20) == 'x' && read_ipv4_number(last, end, &ignored));
}

static const char *write_ipv4(const char *at, size_t len, cito_buffer *out)
{
    uint64_t numbers[4];
    size_t count = 0;
    if (at[len - 1] == '.')
        len--;
    for (const char *end = at + len;;) {
        const char *dot = memchr(at, '.', (size_t)(end - at)), *stop = dot ? dot : end;
        if (count == 4 || stop == at || !read_ipv4_number(at, stop, &numbers[count++]))
            return bad_ipv4;
        if (!dot)
            break;
        at = dot + 1;
    }
    uint64_t address = numbers[count - 1];
    if (address >= UINT64_C(1) << (8 * (5 - count)))
        return bad_ipv4;
    for (size_t i = 0; i + 1 < count; i++) {
        if (numbers[i] > 255)
            return bad_ipv4;
        address |= numbers[i] << (8 * (3 - i));
    }
    cito_buffer_append_format(out, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255),
                              (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
    return NULL;
}

/* The last 32 bits as a.b.c.d inside an IPv6 address. */
static bool read_embedded_ipv4(const char *at, const char *end, uint16_t *pieces)
{
    unsigned bytes[4];
    for (int i = 0; i < 4; i++) {
        if (i && (at == end || *at++ != '.'))
            return false;
        if (at == end || *at < '0' || *at > '9')
            return false;
        const char *start = at;
        for (bytes[i] = 0; at < end && *at >= '0' && *at <= '9'; at++) {
            if (at > start && *start == '0')
                return false;
            bytes[i] = bytes[i] * 10 + (unsigned)(*at - '0');
            if (bytes[i] > 255)
                return false;
        }
    }
    pieces[0] = (uint16_t)(bytes[0] << 8 | bytes[1]);
    pieces[1] = (uint16_t)(bytes[2] << 8 | bytes[3]);
    return at == end;
}

static bool read_ipv6(const char *at, const char *end, uint16_t *pieces)
{
    int count = 0, compress = -1;
    memset(pieces, 0, 8 * sizeof *pieces);
    if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
        compress = 0;
        at += 2;
    } else if (at < end && *at == ':') {
        return false;
    }
    while (at < end) {
        if (count == 8)
            return false;
        if (*at == ':') {
            if (compress >= 0)
                return false;
            compress = count;
            at++;
            continue;
        }
        const char *start = at;
        unsigned value = 0;
        for (; at < end && at - start < 4 && hex_value(*at) >= 0; at++)
            value = value << 4 | (unsigned)hex_value(*at);
        if (at < end && *at == '.') {
            if (at == start || count > 6 || !read_embedded_ipv4(start, end, pieces + count))
                return false;
            count += 2;
            break;
        }
        if (at == start || (at < end && (*at != ':' || at + 1 == end)))
            return false;
        pieces[count++] = (uint16_t)value;
        at += at < end;
    }
    if (compress < 0)
        return count == 8;
    if (count == 8)
        return false;
    memmove(pieces + 8 - (count - compress), pieces + compress, (size_t)(count - compress) * sizeof *pieces);
    memset(pieces + compress, 0, (size_t)(8 - count) * sizeof *pieces);
    return true;
}

/* RFC 5952: the longest run of at least two zeros, the first of equals, becomes "::". */
static void write_ipv6(const uint16_t *pieces, cito_buffer *out)
{
    int best = -1, best_len = 1;
    for (int i = 0; i < 8; i++) {
        int len = 0;
        while (i + len < 8 && !pieces[i + len])
            len++;
        if (len > best_len) {
            best = i;
            best_len = len;
        }
        i += len;
    }
    cito_buffer_append_char(out, '[');
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            cito_buffer_append(out, "::", 2);
            i += best_len - 1;
            continue;
        }
        if (i && (best < 0 || i != best + best_len))
            cito_buffer_append_char(out, ':');
        cito_buffer_append_format(out, "%x", pieces[i]);
    }
    cito_buffer_append_char(out, ']');
}

static const char *write_domain(cito_str host, cito_buffer *out)
{
    cito_buffer decoded;
    cito_buffer_init(&decoded);
    cito_buffer_reserve(&decoded, host.len);
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        if (c == '%' && i + 2 < host.len && hex_value(host.data[i + 1]) >= 0 && hex_value(host.data[i + 2]) >= 0) {
            c = (char)(hex_value(host.data[i + 1]) << 4 | hex_value(host.data[i + 2]));
            i += 2;
        }
        cito_buffer_append_char(&decoded, c);
    }
    size_t start = out->len;
    bool is_good = cito_utf8_is_valid(decoded.data, decoded.len) && cito_domain_to_ascii((cito_str){ decoded.data, decoded.len }, out);
    cito_buffer_finish(&decoded);
    if (!is_good)
        return bad_domain;
    if (out->len == start)
        return "empty host";
    if (!ends_in_number(out->data + start, out->len - start))
        return NULL;
    char copy[64]; /* an address in numbers is short */
    size_t len = out->len - start;
    if (len > sizeof copy)
        return bad_ipv4;
    memcpy(copy, out->data + start, len);
    out->len = start;
    return write_ipv4(copy, len, out);
}

static const char *write_opaque(cito_str host, cito_buffer *out)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.data[i];
        if (c < 0x80 && (c == 0 || strchr("\t\n\r #/:<>?@[\\]^|", c)))
            return "invalid domain character";
        if (c < 0x20 || c >= 0x7F)
            cito_buffer_append_format(out, "%%%02X", c);
        else
            cito_buffer_append_char(out, (char)c);
    }
    return NULL;
}

const char *cito_url_host_write(cito_str host, bool is_special, cito_buffer *out)
{
    if (host.len && host.data[0] == '[') {
        uint16_t pieces[8];
        if (host.data[host.len - 1] != ']' || !read_ipv6(host.data + 1, host.data + host.len - 1, pieces))
            return bad_ipv6;
        write_ipv6(pieces, out);
        return NULL;
    }
    return is_special ? write_domain(host, out) : write_opaque(host, out);
}
