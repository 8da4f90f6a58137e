/* Redirects: text made fit for a Location header. Thread rule: any. Source: Starlette's RedirectResponse. */
#pragma once
#include "base/arena.h"

/* The text with everything percent-encoded that a URL cannot hold; the text itself where there is nothing to do. Empty past the arena's limit. */
cito_str cito_redirect_quote(cito_arena *, cito_str url);
