/* Assets: the files that the docs pages need in the browser, put into the library at build (tools/embed_assets), so that the pages work
 * without network. Thread rule: any; constant data. */
#pragma once
#include <stddef.h>

typedef struct cito_asset {
    const char *name, *media_type;
    const unsigned char *data; /* a NUL stands behind it that size does not count */
    size_t size;
    const unsigned char *gzip; /* the same, as Content-Encoding: gzip sends it */
    size_t gzip_size;
} cito_asset;

/* The file of that name ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "redoc.standalone.js"); NULL: there is none. */
const cito_asset *cito_asset_find(const char *name);
