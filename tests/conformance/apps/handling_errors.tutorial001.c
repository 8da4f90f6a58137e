#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_item, (str, item_id))
{
    if (!cito_str_equal(item_id, "foo"))
        cito_raise(404, "Item not found");
    return cito_object("item", "The Foo Wrestlers");
}

CITO_MAIN(app)
