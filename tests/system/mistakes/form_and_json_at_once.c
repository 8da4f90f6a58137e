/* 9: POST /items/: a request has one body: it cannot be a form and JSON at once; give the model `form` too, or the fields `body` */
#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name), (double, price));

CITO_POST(app, "/items/")
CITO_ASYNC_DEF(any, create_item, (Item, item), (str, token, form))
{
    return cito_object("name", item.name, "token", token);
}

CITO_MAIN(app)
