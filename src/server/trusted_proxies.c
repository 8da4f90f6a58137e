/* Trusted proxies: the list is read once, at start; a peer is looked up once for a connection, a host for each element of a header.
 *
 * Invariants: addresses are compared by value and never by how they are written; what is no address is compared as text. The empty text is nobody.
 * Threading: nothing changes after create. */
#include "server/trusted_proxies.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

typedef struct address {
    uint8_t bytes[16];
    unsigned len;  /* 4 or 16 */
    cito_str zone; /* "eth0" of fe80::1%eth0; empty: none */
} address;

typedef struct network {
    address first;
    unsigned bits; /* that count */
    bool is_address;
} network;

struct cito_trusted_proxies {
    bool everybody;
    network *networks;
    cito_str *literals;
    size_t network_count, literal_count;
};

/* Nothing looser than Python's ipaddress takes: four decimal numbers without leading zeros, or RFC 4291's forms, a zone behind a percent sign. */
static bool parse_address(cito_str text, address *out)
{
    char digits[INET6_ADDRSTRLEN];
    const char *percent = memchr(text.data, '%', text.len);
    size_t len = percent ? (size_t)(percent - text.data) : text.len;
    *out = (address){ .len = 4, .zone = { "", 0 } };
    if (len == 0 || len >= sizeof digits)
        return false;
    memcpy(digits, text.data, len);
    digits[len] = '\0';
    if (strlen(digits) != len)
        return false;
    if (percent) {
        out->zone = (cito_str){ percent + 1, text.len - len - 1 };
        if (out->zone.len == 0 || memchr(out->zone.data, '%', out->zone.len) || memchr(out->zone.data, '/', out->zone.len))
            return false;
    } else if (inet_pton(AF_INET, digits, out->bytes) == 1) {
        return true;
    }
    out->len = 16;
    return inet_pton(AF_INET6, digits, out->bytes) == 1;
}

/* ---- the list ---- */

/* The bits of an address behind the first `bits` of them are zero. */
static bool is_first_of_network(const address *first, unsigned bits)
{
    for (unsigned at = bits; at < 8 * first->len; at++)
        if (first->bytes[at / 8] & (0x80 >> at % 8))
            return false;
    return true;
}

static bool parse_bits(cito_str text, unsigned most, unsigned *out_bits)
{
    unsigned bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || bits > most)
            return false;
        bits = bits * 10 + (unsigned)(text.data[i] - '0');
    }
    *out_bits = bits;
    return text.len > 0 && bits <= most;
}

/* Text that can only be meant as an address or a network: a literal is a path, or a name. */
static bool is_numeric(cito_str entry)
{
    size_t numeric = 0;
    while (numeric < entry.len && strchr("0123456789./", entry.data[numeric]))
        numeric++;
    return entry.data[0] != '/' && (numeric == entry.len || memchr(entry.data, ':', entry.len));
}

/* The network's first address as text, for whoever wrote another one. */
static const char *first_of_network(cito_arena *arena, address within, unsigned bits)
{
    char text[INET6_ADDRSTRLEN];
    for (unsigned at = bits; at < 8 * within.len; at++)
        within.bytes[at / 8] &= (uint8_t) ~(0x80 >> at % 8);
    inet_ntop(within.len == 4 ? AF_INET : AF_INET6, within.bytes, text, sizeof text);
    return cito_arena_format(arena, "%s/%u", text, bits).data;
}

/* NULL, or what is wrong with the entry. */
static const char *add_entry(cito_trusted_proxies *proxies, cito_arena *arena, cito_str entry)
{
    const char *slash = memchr(entry.data, '/', entry.len);
    cito_str host = { entry.data, slash ? (size_t)(slash - entry.data) : entry.len };
    network made = { .is_address = !slash };
    if (entry.len == 1 && entry.data[0] == '*')
        return "* means everybody and stands alone: leave the other entries out, or the *";
    if (!parse_address(host, &made.first) || (slash && made.first.zone.len)) {
        if (is_numeric(entry))
            return cito_arena_format(arena, "%s is no address and no network: write them as 127.0.0.1, ::1, 10.0.0.0/8, without a port",
                                     entry.data)
                .data;
        proxies->literals[proxies->literal_count++] = entry;
        return NULL;
    }
    made.bits = 8 * made.first.len;
    if (slash) {
        cito_str bits = { slash + 1, entry.len - host.len - 1 };
        if (!parse_bits(bits, 8 * made.first.len, &made.bits))
            return cito_arena_format(arena, "%s is no network: behind the slash stands a number of bits up to %u, as in 10.0.0.0/8",
                                     entry.data, 8 * made.first.len)
                .data;
        if (!is_first_of_network(&made.first, made.bits))
            return cito_arena_format(arena, "%s is an address within a network: the network is %s", entry.data,
                                     first_of_network(arena, made.first, made.bits))
                .data;
    }
    proxies->networks[proxies->network_count++] = made;
    return NULL;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

cito_trusted_proxies *cito_trusted_proxies_create(cito_arena *arena, const char *list, const char **out_error)
{
    size_t most = 1;
    for (const char *at = list; *at; at++)
        most += *at == ',';
    cito_trusted_proxies *proxies = cito_arena_take_zeroed(arena, sizeof *proxies);
    *out_error = "there is no memory for the list";
    if (!proxies)
        return NULL;
    proxies->everybody = strcmp(list, "*") == 0;
    proxies->networks = cito_arena_take_zeroed(arena, most * sizeof *proxies->networks);
    proxies->literals = cito_arena_take_zeroed(arena, most * sizeof *proxies->literals);
    if (!proxies->networks || !proxies->literals)
        return NULL;
    for (const char *at = list; *at && !proxies->everybody; at += *at == ',') {
        while (is_blank(*at))
            at++;
        size_t len = strcspn(at, ",");
        const char *next = at + len;
        while (len && is_blank(at[len - 1]))
            len--;
        cito_str entry = cito_arena_copy_str(arena, at, len);
        const char *wrong = len ? add_entry(proxies, arena, entry) : NULL;
        at = next;
        if (wrong) {
            *out_error = wrong;
            return NULL;
        }
    }
    *out_error = NULL;
    return proxies;
}

/* ---- looking up ---- */

static bool have_address(const cito_trusted_proxies *proxies, const address *asked)
{
    for (const network *known = proxies->networks; known < proxies->networks + proxies->network_count; known++) {
        size_t whole = known->bits / 8;
        unsigned mask = 0xff00u >> known->bits % 8 & 0xff;
        if (known->first.len != asked->len || memcmp(known->first.bytes, asked->bytes, whole) != 0)
            continue;
        if (mask && (asked->bytes[whole] & mask) != known->first.bytes[whole])
            continue;
        if (!known->is_address || cito_same(known->first.zone, asked->zone))
            return true;
    }
    return false;
}

static bool have_literal(const cito_trusted_proxies *proxies, cito_str text)
{
    for (size_t i = 0; i < proxies->literal_count; i++)
        if (cito_same(proxies->literals[i], text))
            return true;
    return false;
}

bool cito_trusted_proxies_have_host(const cito_trusted_proxies *proxies, cito_str host)
{
    address asked;
    if (proxies->everybody)
        return true;
    return parse_address(host, &asked) ? have_address(proxies, &asked) : have_literal(proxies, host);
}

bool cito_trusted_proxies_have_peer(const cito_trusted_proxies *proxies, const struct sockaddr *peer, const struct sockaddr *own)
{
    address asked = { .len = 4, .zone = { "", 0 } };
    char zone[IF_NAMESIZE];
    if (proxies->everybody)
        return true;
    if (peer->sa_family == AF_INET) {
        memcpy(asked.bytes, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
    } else if (peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)peer;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        asked.len = mapped ? 4 : 16;
        memcpy(asked.bytes, v6->sin6_addr.s6_addr + (mapped ? 12 : 0), asked.len);
        if (v6->sin6_scope_id && if_indextoname(v6->sin6_scope_id, zone))
            asked.zone = (cito_str){ zone, strlen(zone) };
    } else {
        /* A client's own socket has no name; the one it came in by does. */
        const struct sockaddr_un *local = (const void *)own;
        return own->sa_family == AF_UNIX &&
               have_literal(proxies, (cito_str){ local->sun_path, strnlen(local->sun_path, sizeof local->sun_path) });
    }
    return have_address(proxies, &asked);
}
