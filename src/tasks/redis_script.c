/* Redis script: SHA-1 as RFC 3174 describes it, method 1. It names a script and protects nothing, so its weakness does not matter here.
 *
 * Invariants: sha is empty or complete. Threading: the loop's thread. */
#include "tasks/redis_script.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 64, WORDS = 5 };

static uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void add_block(uint32_t hash[WORDS], const unsigned char *block)
{
    static const uint32_t constants[4] = { 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6 };
    uint32_t w[80], a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[i * 4] << 24 | (uint32_t)block[i * 4 + 1] << 16 | (uint32_t)block[i * 4 + 2] << 8 | block[i * 4 + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t mixed = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
        uint32_t next = rotated(a, 5) + mixed + e + w[i] + constants[i / 20];
        e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d, hash[4] += e;
}

cito_str cito_redis_script_sha(cito_redis_script *script)
{
    if (script->sha[0])
        return (cito_str){ script->sha, 40 };
    uint32_t hash[WORDS] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 };
    const unsigned char *at = (const unsigned char *)script->text;
    size_t len = strlen(script->text), left = len;
    for (; left >= BLOCK; at += BLOCK, left -= BLOCK)
        add_block(hash, at);
    unsigned char last[2 * BLOCK] = { 0 };
    memcpy(last, at, left);
    last[left] = 0x80;
    size_t last_len = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
    for (int i = 0; i < 8; i++)
        last[last_len - 1 - (size_t)i] = (unsigned char)((uint64_t)len * 8 >> (8 * i));
    for (size_t i = 0; i < last_len; i += BLOCK)
        add_block(hash, last + i);
    for (int i = 0; i < WORDS; i++)
        snprintf(script->sha + i * 8, 9, "%08x", hash[i]);
    return (cito_str){ script->sha, 40 };
}
