#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_item, (str, item_id), (opt(str), q), (bool, short_, alias("short"), default(false)))
{
    const cito_value *item = cito_object("item_id", item_id);
    if (q)
        item = cito_merge(item, cito_object("q", q));
    if (!short_)
        item = cito_merge(item, cito_object("description", "This is an amazing item that has a long description"));
    return item;
}

CITO_MAIN(app)
