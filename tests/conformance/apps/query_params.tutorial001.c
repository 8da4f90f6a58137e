#include <cito.h>

CITO_APP(app);

static const char *const fake_items[] = { "Foo", "Bar", "Baz" };
enum { ITEM_COUNT = sizeof fake_items / sizeof *fake_items };

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_item, (int, skip, default(0)), (int, limit, default(10)))
{
    cito_c_list(any) page = { 0 };
    for (int i = skip; i < skip + limit && i < ITEM_COUNT; i++)
        cito_append(&page, cito_object("item_name", fake_items[i]));
    return cito_value(page);
}

CITO_MAIN(app)
