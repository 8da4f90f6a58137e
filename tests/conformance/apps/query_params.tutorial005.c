#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_user_item, (str, item_id), (str, needy))
{
    return cito_object("item_id", item_id, "needy", needy);
}

CITO_MAIN(app)
