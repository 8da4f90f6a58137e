/* The test client: an application asked in memory, with no socket and no server. Source: FastAPI, "Testing", "Testing Dependencies with Overrides". */
#pragma once
#include <cito/app.h>

typedef struct cito_test_client cito_test_client;
typedef struct cito_reply {
    int status_code;
    cito_str body;
    struct cito_reply_header {
        cito_str name, value; /* names in lower case */
    } const *headers;
    size_t header_count;
} cito_reply;

/* Runs the lifespan's first half. A mistake in the declarations ends the process with its text, as the server would. One thread uses a client. */
cito_test_client *cito_test_client_new(cito_router *app);
/* Runs the lifespan's second half and frees all replies. */
void cito_test_client_free(cito_test_client *);
/* The reply lives until the client is freed. */
const cito_reply *cito_client_get(cito_test_client *, const char *url), *cito_client_delete(cito_test_client *, const char *url),
    *cito_client_post_json(cito_test_client *, const char *url, const char *json), *cito_client_put_json(cito_test_client *, const char *url, const char *json),
    *cito_client_patch_json(cito_test_client *, const char *url, const char *json);
/* Any request: headers ends with { NULL, NULL }, or is NULL. */
const cito_reply *cito_client_request(cito_test_client *, const char *method, const char *url, const char *const headers[][2], cito_str body);
/* NULL where there is none; name in lower case. */
const cito_str *cito_reply_header_get(const cito_reply *, const char *name);
/* From now on, who depends on F gets BY's result, which is of the same type: cito_override_dependency(&app, get_database, fake_database). */
#define cito_override_dependency(APP, F, BY) cito_override_dependency_with(APP, &F##_callable, &BY##_callable)
#define cito_override_end(APP, F) cito_override_dependency_with(APP, &F##_callable, NULL)
void cito_override_dependency_with(cito_router *app, const cito_callable *dependency, const cito_callable *replacement);
