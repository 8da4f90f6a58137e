#include <cito.h>

CITO_APP(app);

CITO_ASYNC_DEF(any, common_parameters, (opt(str), q), (int, skip, default(0)), (int, limit, default(100)))
{
    return cito_object("q", q, "skip", skip, "limit", limit);
}

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (depends(common_parameters), commons))
{
    return commons;
}

CITO_GET(app, "/users/")
CITO_ASYNC_DEF(any, read_users, (depends(common_parameters), commons))
{
    return commons;
}

CITO_MAIN(app)
