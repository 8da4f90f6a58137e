#include <cito.h>

CITO_APP(app);

static const char *const fake_items[] = { "Foo", "Bar", "Baz" };
enum { ITEM_COUNT = sizeof fake_items / sizeof *fake_items };

CITO_MODEL(CommonQueryParams, (opt(str), q), (int, skip), (int, limit));

CITO_DEF(CommonQueryParams, common_query_params, (opt(str), q), (int, skip, default(0)), (int, limit, default(100)))
{
    return (CommonQueryParams){ .q = q, .skip = skip, .limit = limit };
}

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (depends(common_query_params), commons))
{
    cito_c_list(any) items = { 0 };
    for (int i = commons.skip; i < commons.skip + commons.limit && i < ITEM_COUNT; i++)
        cito_append(&items, cito_object("item_name", fake_items[i]));
    if (commons.q)
        return cito_object("q", commons.q, "items", items);
    return cito_object("items", items);
}

CITO_MAIN(app)
