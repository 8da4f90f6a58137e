/* The OpenAPI 3.1 document of an application, equal in meaning to FastAPI's for the same one. Made once, at start.
 * Source: FastAPI's openapi/utils.py explains the order; OpenAPI 3.1.0. */
#pragma once
#include "api/private.h"

/* Compact JSON in the api's arena. */
cito_str cito_openapi_make(struct cito_api *);
