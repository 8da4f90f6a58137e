#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (opt(list(str)), x_token, header))
{
    return cito_object("X-Token values", x_token);
}

CITO_MAIN(app)
