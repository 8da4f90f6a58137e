/* The members of one object while it is made. Internal to src/json. Thread rule: any. */
#pragma once
#include "json/value.h"

/* Where a key comes twice the last value goes to the place of the first. Gives how many members remain, in order. Linear, also for keys chosen by
 * an attacker: the hash has a secret of the process. */
size_t cito_members_unify(cito_value_member *, size_t count);
static inline bool cito_key_equal(cito_str left, cito_str right)
{
    return left.len == right.len && (!left.len || memcmp(left.data, right.data, left.len) == 0);
}
