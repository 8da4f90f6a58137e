#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (opt(str), ads_id, cookie))
{
    return cito_object("ads_id", ads_id);
}

CITO_MAIN(app)
