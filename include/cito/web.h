/* Requests and responses, for handlers and middleware that look at HTTP itself. All text lives until the request ends.
 * Source: FastAPI, "Using the Request Directly", "Custom Response", "Response Headers", "Response Cookies". */
#pragma once
#include <cito/call.h>

cito_str cito_request_method(const cito_request *);
cito_str cito_request_path(const cito_request *); /* percent-decoded */
cito_str cito_request_query_string(const cito_request *);
cito_str cito_request_scheme(const cito_request *); /* "http", or what a proxy says that --forwarded-allow-ips lists: "https" */
const cito_str *cito_request_header(const cito_request *, const char *name); /* the first of that name, in any case; NULL where there is none */
const char *cito_request_client_host(const cito_request *); /* an address, or what such a proxy says; "" on a Unix socket */
cito_str cito_request_body(cito_request *); /* whole; suspends until it is there; raises 413 past --limit-body */

/* In a middleware: the rest of the way. Suspends until the answer is made. */
cito_response *cito_call_next(cito_request *);
void cito_response_set_header(cito_response *, const char *name, cito_str value);    /* replaces */
void cito_response_append_header(cito_response *, const char *name, cito_str value); /* adds */
void cito_response_set_status(cito_response *, int status_code);
int cito_response_status(const cito_response *);
struct cito_cookie {
    const char *name;
    cito_str value;
    const char *path, *domain, *same_site; /* NULL: "/", none, "lax" */
    double max_age;                        /* seconds; 0: a session's */
    bool secure, http_only;
};
#define cito_response_set_cookie(R, ...) cito_response_set_cookie_from(R, &(struct cito_cookie){ __VA_ARGS__ })
void cito_response_set_cookie_from(cito_response *, const struct cito_cookie *);

struct cito_response_options {
    int status_code; /* 0: 200, of a redirect 307 */
    const char *media_type;
    const char *headers[8][2];
};
#define cito_html_response(BODY, ...) cito_html_response_with(BODY, &(struct cito_response_options){ __VA_ARGS__ })
#define cito_text_response(BODY, ...) cito_text_response_with(BODY, &(struct cito_response_options){ __VA_ARGS__ })
#define cito_json_response(BODY, ...) cito_json_response_with(BODY, &(struct cito_response_options){ __VA_ARGS__ })
#define cito_redirect_response(URL, ...) cito_redirect_response_with(URL, &(struct cito_response_options){ __VA_ARGS__ })
#define cito_response_new(BODY, ...) cito_response_with(BODY, &(struct cito_response_options){ __VA_ARGS__ })
cito_response *cito_html_response_with(cito_str, const struct cito_response_options *), *cito_text_response_with(cito_str, const struct cito_response_options *),
    *cito_json_response_with(const cito_value *, const struct cito_response_options *),
    *cito_redirect_response_with(cito_str, const struct cito_response_options *), *cito_response_with(cito_str, const struct cito_response_options *);
