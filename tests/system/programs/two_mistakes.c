/* Both are told at once. */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_item)
{
    return cito_null;
}

CITO_GET(app, "/users/{user_id}")
CITO_ASYNC_DEF(any, read_user)
{
    return cito_null;
}

CITO_MAIN(app)
