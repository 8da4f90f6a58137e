/* Half close: a client that ended its stream while its request runs: is it waiting for the answer, or has it left? See docs/decisions on half-closing
 * clients. Thread rule: the loop's thread. */
#pragma once
#include "server/connection.h"

/* Whether this connection is to be asked, after CITO_TIMEOUT_PROBE. */
bool cito_half_close_asks(const cito_connection *);
/* Sends what asks: a client that waits skips it, one that has left answers with a reset. */
void cito_half_close_ask(cito_connection *);
/* Something was told of a connection that is polled for nothing: was it lost? */
void cito_half_close_look(cito_connection *);
