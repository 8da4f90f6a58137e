/* Revoked: ids of tasks that shall not run: the last 50,000. Thread rule: one thread. Source: facts on Celery 7. */
#pragma once
#include <cito/value.h>

enum { CITO_REVOKED_MAX = 50000, CITO_REVOKED_BUCKETS = 4096 };
typedef struct cito_revoked_id {
    struct cito_revoked_id *in_bucket, *newer;
    size_t len;
    char id[];
} cito_revoked_id;
typedef struct cito_revoked {
    cito_revoked_id *buckets[CITO_REVOKED_BUCKETS];
    cito_revoked_id *oldest, *newest; /* by `newer` */
    size_t count;
} cito_revoked;

void cito_revoked_add(cito_revoked *, cito_str id);
bool cito_revoked_has(const cito_revoked *, cito_str id);
void cito_revoked_finish(cito_revoked *);
