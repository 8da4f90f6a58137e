#include <cito.h>

CITO_APP(app);

static void clean_up(void *data)
{
    cito_log("info", "Cleaning up");
    (void)data;
}

CITO_DEF(str, get_username)
{
    cito_defer(clean_up, NULL);
    return cito_string("Rick");
}

CITO_GET(app, "/users/me")
CITO_DEF(any, get_user_me, (depends(get_username), username))
{
    return cito_value(username);
}

CITO_MAIN(app)
