/* Access log: a line for each answer, in Uvicorn's form, on standard output. Thread rule: the loop's thread. */
#pragma once
#include "server/connection.h"

/* `INFO:     127.0.0.1:54321 - "GET /items/5?q=x HTTP/1.1" 200 OK`, kept until the end of the turn. Called where log_on is set.
 * The client is what the scope says, a proxy's word too; nothing where it has no address. */
void cito_access_log_add(const cito_server_exchange *, int status);
/* Writes what is there. */
void cito_access_log_flush(cito_server *);
/* Whether standard output is a terminal that wants colours. */
bool cito_access_log_wants_colours(void);
