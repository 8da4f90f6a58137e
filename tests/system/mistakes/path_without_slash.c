/* 6: GET items: a path begins with a slash: write "/items" */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "items")
CITO_ASYNC_DEF(any, read_items)
{
    return cito_null;
}

CITO_MAIN(app)
