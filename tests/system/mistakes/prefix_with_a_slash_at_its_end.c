/* 5: prefix "/users/": a prefix begins with a slash and does not end with one */
#include <cito.h>

CITO_APP(app);
CITO_ROUTER(users, .prefix = "/users/");

CITO_GET(users, "/me")
CITO_ASYNC_DEF(any, read_me)
{
    return cito_null;
}

CITO_INCLUDE_ROUTER(app, users, "")
CITO_MAIN(app)
