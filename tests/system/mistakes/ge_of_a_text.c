/* 7: GET /items/: parameter q of read_items: ge() is for int, int64, double and decimal, not for str; take it away or say min_length, max_length */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (str, q, ge(1)))
{
    return cito_object("q", q);
}

CITO_MAIN(app)
