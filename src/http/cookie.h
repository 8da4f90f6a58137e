/* Cookies: reading the Cookie header, writing Set-Cookie. RFC 6265. Thread rule: any. */
#pragma once
#include "http/url.h"
#include <cito/web.h>

/* Split at semicolons and the first equals sign, blanks trimmed, quotes removed; duplicates stay in order (the last wins for who asks by name). */
void cito_cookie_parse(cito_arena *, cito_str header, cito_pairs *out_pairs);
/* Set-Cookie's value with its attributes in the order of Python's SimpleCookie; special characters quoted and octal-escaped. max_age is cut to whole
 * seconds. The empty text where the name is no token, or where path, domain or same_site hold a semicolon or a control character (it would become
 * another attribute or another field). */
cito_str cito_cookie_format(cito_arena *, const struct cito_cookie *);
