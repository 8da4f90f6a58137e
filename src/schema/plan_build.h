/* How plans are made; private to src/schema. Thread rule: any; the lock is taken inside. Source: none. */
#pragma once
#include "schema/plan.h"

enum { CITO_PLAN_FIELDS_MAX = 1024 };

/* Makes the plan of a record where there is none; NULL, or what is wrong with the declaration (in texts). */
const char *cito_plan_build(const cito_type *, cito_arena *texts);
/* The field's default as ready bytes; NULL, or why it has none: "default(5) is no str: …". */
const char *cito_default_prepare(const cito_field *, cito_arena *texts, const void **out_value);
/* What loc calls a member of a smart union. */
cito_str cito_union_label(cito_arena *, const cito_type *member);
/* The lock of all plans, recursive, and the memory that they live in, which only its holder may use. */
void cito_plan_lock(void);
void cito_plan_unlock(void);
cito_arena *cito_plan_arena(void);
