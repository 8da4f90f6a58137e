#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, 
    (opt(str), q,
        alias("item-query"),
        title("Query string"),
        description("Query string for the items to search in the database that have a good match"),
        min_length(3),
        max_length(50),
        pattern("^fixedquery$"),
        deprecated))
{
    const cito_value *items = cito_array(cito_object("item_id", "Foo"), cito_object("item_id", "Bar"));
    if (q && q->len)
        return cito_object("items", items, "q", q);
    return cito_object("items", items);
}

CITO_MAIN(app)
