#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (opt(str), q))
{
    const cito_value *items = cito_array(cito_object("item_id", "Foo"), cito_object("item_id", "Bar"));
    if (q && q->len)
        return cito_object("items", items, "q", q);
    return cito_object("items", items);
}

CITO_MAIN(app)
