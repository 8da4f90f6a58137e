/* 7: GET /items/: parameter q of read_items: pattern("[a-") is no regular expression: missing terminating ] for character class at offset 3 */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (str, q, pattern("[a-")))
{
    return cito_object("q", q);
}

CITO_MAIN(app)
