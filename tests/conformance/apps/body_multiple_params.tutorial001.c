#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name), (opt(str), description), (double, price), (opt(double), tax));

CITO_PUT(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, update_item, (int, item_id, title("The ID of the item to get"), ge(0), le(1000)), (opt(str), q), (opt(Item), item))
{
    const cito_value *results = cito_object("item_id", item_id);
    if (q && q->len)
        results = cito_merge(results, cito_object("q", q));
    if (item)
        results = cito_merge(results, cito_object("item", cito_dump(Item, item)));
    return results;
}

CITO_MAIN(app)
