/* Domain names: mapping, Punycode both ways. Private to src/schema. Thread rule: any. Source: UTS 46, RFC 3492. */
#pragma once
#include "base/buffer.h"

/* Lower case, narrow. */
uint32_t cito_domain_map(uint32_t code_point);
/* The code points of what stands behind xn--; how many, or -1 where it is malformed or there are more than capacity. */
int cito_punycode_decode(const char *text, size_t len, uint32_t *points, size_t capacity);
/* Appends the domain as ASCII; false where it is none. */
bool cito_domain_to_ascii(cito_str domain, cito_buffer *out);
