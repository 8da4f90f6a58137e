/* The body's machine; its steps are in body.c, its public function is cito_http_parse_body of parser.h. Internal to src/http. Thread rule: any. */
#pragma once
#include "http/parser.h"

/* Sets the machine for the body that the head announces (RFC 9112 section 6.3). */
void cito_http_body_begin(cito_http_parser *, const cito_http_head *);
