/* Assets: the table of the files that tools/embed_assets wrote into web_assets.S.
 *
 * Invariant: the two lists, here and there, are the same; the linker says so when they are not.
 * Threading: constant data. */
#include "api/assets.h"

#include <string.h>

#define BYTES(SYMBOL) extern const unsigned char cito_asset_##SYMBOL[], cito_asset_##SYMBOL##_end[] __attribute__((visibility("hidden")))
#define DECLARED(SYMBOL)                                                                                                                   \
    BYTES(SYMBOL);                                                                                                                         \
    BYTES(SYMBOL##_gzip)
DECLARED(swagger_ui_bundle_js);
DECLARED(swagger_ui_css);
DECLARED(favicon_png);
DECLARED(redoc_standalone_js);

/* Sizes are differences of addresses, which are no constants in C: the ends stand here and the sizes are made when one is asked for. */
typedef struct embedded {
    const char *name, *media_type;
    const unsigned char *data, *end, *gzip, *gzip_end;
} embedded;
#define EMBEDDED(SYMBOL) cito_asset_##SYMBOL, cito_asset_##SYMBOL##_end, cito_asset_##SYMBOL##_gzip, cito_asset_##SYMBOL##_gzip_end

static const embedded files[] = {
    { "swagger-ui-bundle.js", "text/javascript; charset=utf-8", EMBEDDED(swagger_ui_bundle_js) },
    { "swagger-ui.css", "text/css; charset=utf-8", EMBEDDED(swagger_ui_css) },
    { "favicon-32x32.png", "image/png", EMBEDDED(favicon_png) },
    { "redoc.standalone.js", "text/javascript; charset=utf-8", EMBEDDED(redoc_standalone_js) },
};
enum { FILES = sizeof files / sizeof *files };

static cito_asset assets[FILES];

/* Before main, while there is one thread: afterwards the table is only read. */
__attribute__((constructor)) static void measure_assets(void)
{
    for (size_t i = 0; i < FILES; i++)
        assets[i] = (cito_asset){ files[i].name, files[i].media_type,
                                  files[i].data, (size_t)(files[i].end - files[i].data),
                                  files[i].gzip, (size_t)(files[i].gzip_end - files[i].gzip) };
}

const cito_asset *cito_asset_find(const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(assets[i].name, name) == 0)
            return &assets[i];
    return NULL;
}
