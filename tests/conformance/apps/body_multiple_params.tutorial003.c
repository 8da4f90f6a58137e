#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name), (opt(str), description), (double, price), (opt(double), tax));
CITO_MODEL(User, (str, username), (opt(str), full_name));

CITO_PUT(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, update_item, (int, item_id), (Item, item), (User, user), (int, importance, body))
{
    return cito_object("item_id", item_id, "item", cito_dump(Item, &item), "user", cito_dump(User, &user), "importance", importance);
}

CITO_MAIN(app)
