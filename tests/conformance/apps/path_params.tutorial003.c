#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/users/me")
CITO_ASYNC_DEF(any, read_user_me)
{
    return cito_object("user_id", "the current user");
}

CITO_GET(app, "/users/{user_id}")
CITO_ASYNC_DEF(any, read_user, (str, user_id))
{
    return cito_object("user_id", user_id);
}

CITO_MAIN(app)
