#include <cito.h>

CITO_APP(app);

CITO_LITERAL(OrderBy, created_at, updated_at);

CITO_MODEL(FilterParams,
    (int,       limit,    default(100), gt(0), le(100)),
    (int,       offset,   default(0), ge(0)),
    (OrderBy,   order_by, default("created_at")),
    (list(str), tags,     default([])));

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (FilterParams, filter_query, query))
{
    return cito_dump(FilterParams, &filter_query);
}

CITO_MAIN(app)
