#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (opt(str), name), (opt(str), description), (opt(double), price), (double, tax, default(10.5)), (list(str), tags, default([])));

static const char *const known[] = { "foo", "bar", "baz" };
static Item *items[3];

static int find(cito_str item_id)
{
    for (int i = 0; i < 3; i++)
        if (cito_str_equal(item_id, known[i]))
            return i;
    cito_raise(404, "Item not found");
}

static void keep(int at, const char *json)
{
    Item item = cito_parse(Item, json);
    items[at] = cito_dup(Item, &item);
}

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    keep(0, CITO_JSON({"name": "Foo", "price": 50.2}));
    keep(1, CITO_JSON({"name": "Bar", "description": "The bartenders", "price": 62, "tax": 20.2}));
    keep(2, CITO_JSON({"name": "Baz", "description": null, "price": 50.2, "tax": 10.5, "tags": []}));
    cito_lifespan_yield();
    for (int i = 0; i < 3; i++)
        cito_free(Item, items[i]);
}

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(Item, read_item, (str, item_id))
{
    return *items[find(item_id)];
}

CITO_PUT(app, "/items/{item_id}")
CITO_ASYNC_DEF(Item, update_item, (str, item_id), (Item, item))
{
    int at = find(item_id);
    cito_free(Item, items[at]);
    items[at] = cito_dup(Item, &item);
    return item;
}

CITO_MAIN(app)
