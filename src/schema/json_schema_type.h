/* The schema of one type in place: what a field, a parameter or an element says. Private to json_schema*.c. Thread rule: at start, one thread. */
#pragma once
#include "schema/json_schema_keyword.h"

/* The keywords of that type, with the limits of `checks`, which may be NULL. A record is its $ref. */
void cito_schema_fill_type(cito_schema_writer *, cito_schema_keywords *, const cito_type *, const cito_field *checks);
/* type and enum of these texts; a literal of one member is a const. */
void cito_schema_fill_members(cito_schema_writer *, cito_schema_keywords *, const char *const *members, bool is_literal);
/* title, description, examples, default and deprecated, as a field or an annotated word says them. */
void cito_schema_put_notes(cito_schema_writer *, cito_schema_keywords *, const cito_field *);
