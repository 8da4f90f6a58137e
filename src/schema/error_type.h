/* The table of error types. Thread rule: any. Source: pydantic's list of validation errors. */
#pragma once
#include <stddef.h>

typedef struct cito_error_type {
    const char *name, *template_text;
} cito_error_type;

/* NULL where the name is unknown. */
const cito_error_type *cito_error_type_find(const char *name);
size_t cito_error_type_count(void);
const cito_error_type *cito_error_type_at(size_t index);
