#include <cito.h>

CITO_APP(app);

CITO_MODEL(UserIn, (str, username), (str, password), (email, email), (opt(str), full_name));

CITO_POST(app, "/user/")
CITO_ASYNC_DEF(UserIn, create_user, (UserIn, user))
{
    return user;
}

CITO_MAIN(app)
