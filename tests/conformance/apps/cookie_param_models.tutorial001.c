#include <cito.h>

CITO_APP(app);

CITO_MODEL(Cookies, (str, session_id), (opt(str), fatebook_tracker), (opt(str), googall_tracker));

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (Cookies, cookies, cookie))
{
    return cito_dump(Cookies, &cookies);
}

CITO_MAIN(app)
