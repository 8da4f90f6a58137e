/* 6: Item.name: ge() is for int, int64, double and decimal, not for str; take it away or say min_length, max_length */
#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name, ge(1)), (double, price));

CITO_POST(app, "/items/")
CITO_ASYNC_DEF(Item, create_item, (Item, item))
{
    return item;
}

CITO_MAIN(app)
