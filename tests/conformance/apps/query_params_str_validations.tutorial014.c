#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (opt(str), hidden_query, include_in_schema(false)))
{
    if (hidden_query)
        return cito_object("hidden_query", hidden_query);
    return cito_object("hidden_query", "Not found");
}

CITO_MAIN(app)
