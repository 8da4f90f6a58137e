/* Proxy header: X-Forwarded-For and X-Forwarded-Proto, by which a proxy in front says whom it serves and by which scheme. Thread rule: any.
 * Source: Uvicorn's ProxyHeadersMiddleware. */
#pragma once
#include "http/app.h"
#include "server/trusted_proxies.h"

/* For a request that comes from a trusted proxy: puts scheme, client_host and client_port into the scope as its fields say; what they do not say, or not in
 * a form that is known, stays. Never an error.
 * Scheme: the last X-Forwarded-Proto, if it is http, https, ws or wss. Client: of all X-Forwarded-For fields, read as one list, the right-most element that is
 * no trusted proxy itself, and the left-most where all are; an empty one changes nothing. An element is a host, host:port, [host] or [host]:port; the port
 * is 0 where there is none, or none that a port can be. The host is any text, as UTF-8, in the arena. */
void cito_proxy_header_apply(const cito_trusted_proxies *, cito_arena *, cito_scope_http *);
