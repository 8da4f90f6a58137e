/* What the files of messages share. Internal to message*.c and kombu_value.c. Thread rule: any. */
#pragma once
#include "base/arena.h"

/* The headers and properties that have fields of their own in cito_message: what is none of them is kept as it came. */
bool cito_header_is_known(cito_str name), cito_property_is_known(cito_str name);
/* Replaces kombu's {"__type__", "__value__"} objects, at any depth, by their text (bytes by themselves). NULL, or what is wrong. */
const char *cito_kombu_values_resolve(const cito_value **value, cito_arena *);
