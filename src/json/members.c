/* One value per key: small objects by comparing each with each, larger ones by a hash table that lives for the call.
 *
 * Invariant: the order of first appearance stays. Threading: the secret is taken once, by whoever comes first; all take the same. */
#include "json/members.h"
#include "base/log.h"
#include <stdlib.h>
#include <sys/auxv.h>

enum { COMPARED_MAX = 16, STACK_SLOTS = 256 };

static size_t unify_by_comparing(cito_value_member *members, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        while (same < kept && !cito_key_equal(members[same].key, members[i].key))
            same++;
        if (same == kept)
            members[kept++] = members[i];
        else
            members[same].value = members[i].value;
    }
    return kept;
}

/* 16 random bytes that the kernel gives every process (getauxval(3), AT_RANDOM): clients cannot choose keys that collide. */
static uint64_t secret_word(size_t index)
{
    const char *random = (const char *)(uintptr_t)getauxval(AT_RANDOM);
    uint64_t word = UINT64_C(0x9E3779B97F4A7C15);
    if (random)
        memcpy(&word, random + 8 * index, sizeof word);
    return word | 1;
}

static uint64_t fold(uint64_t left, uint64_t right)
{
    unsigned __int128 product = (unsigned __int128)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(cito_str key, const uint64_t secret[2])
{
    uint64_t state = secret[0] ^ key.len, word = 0;
    size_t at = 0;
    for (; at + 8 <= key.len; at += 8) {
        memcpy(&word, key.data + at, 8);
        state = fold(state ^ word, secret[1]);
    }
    word = 0;
    memcpy(&word, key.data + at, key.len - at);
    return fold(fold(state ^ word, secret[1]) ^ secret[0], secret[1]);
}

/* slots: all zero, mask + 1 of them, more than twice the members; a slot holds an index plus one. */
static size_t unify_by_hash(cito_value_member *members, size_t count, uint32_t *slots, size_t mask)
{
    const uint64_t secret[2] = { secret_word(0), secret_word(1) };
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t slot = hash(members[i].key, secret) & mask;
        while (slots[slot] && !cito_key_equal(members[slots[slot] - 1].key, members[i].key))
            slot = (slot + 1) & mask;
        if (slots[slot]) {
            members[slots[slot] - 1].value = members[i].value;
        } else {
            members[kept++] = members[i];
            slots[slot] = (uint32_t)kept;
        }
    }
    return kept;
}

size_t cito_members_unify(cito_value_member *members, size_t count)
{
    if (count <= COMPARED_MAX)
        return unify_by_comparing(members, count);
    size_t slot_count = STACK_SLOTS;
    while (slot_count < 2 * count)
        slot_count *= 2;
    if (slot_count == STACK_SLOTS) {
        uint32_t on_stack[STACK_SLOTS] = { 0 };
        return unify_by_hash(members, count, on_stack, STACK_SLOTS - 1);
    }
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        cito_abort("no memory for an object of %zu members", count);
    count = unify_by_hash(members, count, slots, slot_count - 1);
    free(slots);
    return count;
}
