/* 7: GET /items/: parameter q of read_items: default(5) does not fit its type: Input should be a valid string; change the one or the other */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (str, q, default(5)))
{
    return cito_object("q", q);
}

CITO_MAIN(app)
