#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name), (opt(str), description), (double, price), (double, tax, default(10.5)), (list(str), tags, default([])));

CITO_GET(app, "/items/{item_id}", .response_model_exclude_unset = true)
CITO_ASYNC_DEF(Item, read_item, (str, item_id))
{
    if (cito_str_equal(item_id, "foo"))
        return cito_new(Item, .name = cito_string("Foo"), .price = 50.2);
    if (cito_str_equal(item_id, "bar"))
        return cito_new(
            Item, .name = cito_string("Bar"), .description = cito_some(str, cito_string("The bartenders")), .price = 62, .tax = 20.2);
    return cito_parse(Item, CITO_JSON({"name": "Baz", "description": null, "price": 50.2, "tax": 10.5, "tags": []}));
}

CITO_MAIN(app)
