#include <cito.h>

CITO_APP(app);

CITO_POST(app, "/items/", .status_code = 201)
CITO_ASYNC_DEF(any, create_item, (str, name))
{
    return cito_object("name", name);
}

CITO_MAIN(app)
