/* The blocks that cito_model_dup made, while cito_model_track_kept is on. Private to src/schema. Thread rule: any. */
#pragma once
#include <stddef.h>

void cito_kept_note(const void *block, size_t size);
void cito_kept_forget(const void *block);
