/* Revoked: a hash of ids that forgets the oldest. Threading: one thread. */
#include "tasks/revoked.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>

/* FNV-1a: ids are random enough for anything. */
static size_t bucket_of(cito_str id)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (unsigned char)id.data[i]) * 16777619u;
    return hash % CITO_REVOKED_BUCKETS;
}

bool cito_revoked_has(const cito_revoked *revoked, cito_str id)
{
    if (!revoked->count)
        return false;
    for (const cito_revoked_id *known = revoked->buckets[bucket_of(id)]; known; known = known->in_bucket)
        if (known->len == id.len && memcmp(known->id, id.data, id.len) == 0)
            return true;
    return false;
}

static void forget_oldest(cito_revoked *revoked)
{
    cito_revoked_id *oldest = revoked->oldest;
    cito_revoked_id **link = &revoked->buckets[bucket_of((cito_str){ oldest->id, oldest->len })];
    while (*link != oldest)
        link = &(*link)->in_bucket;
    *link = oldest->in_bucket;
    revoked->oldest = oldest->newer;
    if (!revoked->oldest)
        revoked->newest = NULL;
    revoked->count--;
    free(oldest);
}

void cito_revoked_add(cito_revoked *revoked, cito_str id)
{
    if (!id.len || cito_revoked_has(revoked, id))
        return;
    if (revoked->count == CITO_REVOKED_MAX)
        forget_oldest(revoked);
    cito_revoked_id *added = malloc(sizeof *added + id.len + 1);
    if (!added)
        cito_abort("out of memory: a revoked id cannot be kept");
    size_t bucket = bucket_of(id);
    *added = (cito_revoked_id){ .in_bucket = revoked->buckets[bucket], .len = id.len };
    memcpy(added->id, id.data, id.len);
    added->id[id.len] = 0;
    revoked->buckets[bucket] = added;
    if (revoked->newest)
        revoked->newest->newer = added;
    else
        revoked->oldest = added;
    revoked->newest = added;
    revoked->count++;
}

void cito_revoked_finish(cito_revoked *revoked)
{
    while (revoked->oldest)
        forget_oldest(revoked);
}
