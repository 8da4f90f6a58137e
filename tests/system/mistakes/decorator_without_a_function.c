/* 12: GET /users/: no function follows: put CITO_DEF or CITO_ASYNC_DEF directly behind it */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items)
{
    return cito_null;
}

CITO_GET(app, "/users/")

CITO_MAIN(app)
