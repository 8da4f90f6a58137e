#include <cito.h>

CITO_APP(app);

CITO_MODEL(BaseUser, (str, username), (email, email), (opt(str), full_name));
CITO_MODEL(UserIn, (BaseUser, base, flatten), (str, password));

CITO_POST(app, "/user/", .response_model = CITO_T(BaseUser))
CITO_ASYNC_DEF(UserIn, create_user, (UserIn, user))
{
    return user;
}

CITO_MAIN(app)
