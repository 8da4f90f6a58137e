/* The application of a program: made once per process from its CITO_APP and all that was declared for it; answers through http/app.h.
 *
 * Thread rule: made and freed by one thread; then the loop's. */
#pragma once
#include "base/buffer.h"
#include "http/app.h"
#include <cito/app.h>

typedef struct cito_api cito_api;

/* NULL where the declarations hold mistakes: out_mistakes then has one line for each, "file:line: what is wrong and what to do". */
cito_api *cito_api_new(cito_router *app, cito_buffer *out_mistakes);
void cito_api_free(cito_api *);
/* Owned by the api. */
cito_application *cito_api_application(cito_api *);
/* The OpenAPI document, compact JSON; lives as long as the api. */
cito_str cito_api_openapi(const cito_api *);
/* Where the docs page is, as "/docs"; empty: switched off. */
cito_str cito_api_docs_url(const cito_api *);
