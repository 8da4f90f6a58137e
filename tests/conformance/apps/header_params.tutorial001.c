#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (opt(str), user_agent, header))
{
    return cito_object("User-Agent", user_agent);
}

CITO_MAIN(app)
