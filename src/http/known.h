/* What the fields that HTTP itself acts on mean for a request: Host, Content-Length, Transfer-Encoding, Connection, Expect, Upgrade;
 * and whether there is anything of a proxy's, which the server reads.
 * Internal to src/http: head.c calls it, once for each field, then once for the whole. Thread rule: any. */
#pragma once
#include "http/parser.h"

typedef struct cito_known_fields {
    bool length_seen, coding_seen, content_type_seen, upgrade_seen;
    bool close_asked, keep_alive_asked, upgrade_asked, continue_asked;
} cito_known_fields;

/* The field's name is in lower case. false: out_error is set. */
bool cito_known_fields_note(cito_known_fields *, const cito_header *field, cito_http_head *, cito_http_error *out_error);
/* Behind the last field: what depends on several of them and on the version. false: out_error is set. */
bool cito_known_fields_settle(const cito_known_fields *, cito_http_head *, cito_http_error *out_error);
/* uri-host [ ":" port ] of RFC 9110 section 7.2; the empty text is one. */
bool cito_host_is_valid(cito_str);
/* Same but for the case of ASCII letters; `lower` is in lower case. */
bool cito_token_equal(cito_str token, const char *lower);
