/* Memory client: asks an application through http/app.h with no socket and no server. What the public test client is made of; knows nothing of routers.
 *
 * It has a loop of its own and runs it until an answer is there and the exchange is finished, background work and clean-ups included. Redirects are not
 * followed. Requests carry what Starlette's test client sends: host (testserver), accept, connection, user-agent (testclient), unless given; and
 * content-length where there is a body. Thread rule: one thread, not the loop of a server. Source: FastAPI, "Testing"; Starlette's testclient.py. */
#pragma once
#include "http/app.h"
#include "loop/loop.h"
#include <cito/testing.h>

typedef struct cito_memory_client cito_memory_client;

/* Runs the lifespan's first half; NULL where that failed (logged). The application is borrowed. Options NULL: the loop's defaults. */
cito_memory_client *cito_memory_client_new(cito_application *, const cito_loop_options *);
/* Runs the second half and frees all replies. NULL: nothing. */
void cito_memory_client_free(cito_memory_client *);
cito_loop *cito_memory_client_loop(cito_memory_client *);
/* url: "/path?query" or "http://host/path?query"; blanks and bytes beyond ASCII are percent-encoded. headers ends with { NULL, NULL }, or is NULL. The
 * reply lives until the client is freed; its status is 0 where the application finished without an answer. */
const cito_reply *cito_memory_client_request(cito_memory_client *, const char *method, const char *url, const char *const headers[][2],
                                             cito_str body);
/* The same request `count` times side by side; out_replies has room for as many. */
void cito_memory_client_request_together(cito_memory_client *, const char *method, const char *url, size_t count,
                                         const cito_reply *out_replies[]);
/* The same as if the client left as soon as the application first waits: it gets no answer. */
void cito_memory_client_abandon(cito_memory_client *, const char *method, const char *url, const char *const headers[][2], cito_str body);
