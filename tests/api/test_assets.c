/* Assets: the embedded files are there, whole, and their gzipped form is of the same length. */
#include "api/assets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *name, const char *media_type, size_t smallest, const char *part)
{
    const cito_asset *asset = cito_asset_find(name);
    assert_non_null(asset);
    assert_string_equal(asset->media_type, media_type);
    assert_true(asset->size >= smallest);
    assert_int_equal(asset->data[asset->size], 0);
    assert_non_null(memmem(asset->data, asset->size, part, strlen(part)));
    /* RFC 1952, section 2.3: the magic bytes, deflate, and at the end the length of the whole. */
    assert_memory_equal(asset->gzip, "\x1f\x8b\x08", 3);
    uint32_t length = 0;
    for (int i = 3; i >= 0; i--)
        length = length << 8 | asset->gzip[asset->gzip_size - 4 + (size_t)i];
    assert_int_equal(length, asset->size);
}

static void files_are_whole(void **state)
{
    (void)state;
    check("swagger-ui-bundle.js", "text/javascript; charset=utf-8", 500000, "SwaggerUIBundle");
    check("swagger-ui.css", "text/css; charset=utf-8", 50000, ".swagger-ui");
    check("favicon-32x32.png", "image/png", 100, "IHDR");
    check("redoc.standalone.js", "text/javascript; charset=utf-8", 500000, "Redoc");
}

static void other_names_are_refused(void **state)
{
    (void)state;
    assert_null(cito_asset_find(""));
    assert_null(cito_asset_find("../swagger-ui.css"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(files_are_whole), cmocka_unit_test(other_names_are_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
