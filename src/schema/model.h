/* What models made and kept in C need beside include/cito/model.h. */
#pragma once
#include "schema/plan.h"

/* The debug check of returned pointers asks whether one lies in what cito_dup keeps. Only while this is on does cito_model_dup note its
 * blocks: set it before the first one, at start. Off in release. */
extern bool cito_model_track_kept;
/* Any thread. */
bool cito_model_is_kept(const void *);
/* Whether the field was given: it has its bit in fields_set, or a value that is not its default (a required one: not all zero). */
bool cito_model_is_given(const cito_plan_field *, const void *model);
