#include <cito.h>

CITO_APP(app);

CITO_MODEL(UserIn, (str, username), (str, password), (email, email), (opt(str), full_name));
CITO_MODEL(UserOut, (str, username), (email, email), (opt(str), full_name));
CITO_MODEL(UserInDB, (str, username), (str, hashed_password), (email, email), (opt(str), full_name));

static UserInDB fake_save_user(const UserIn *user)
{
    UserInDB saved = cito_convert(UserIn, UserInDB, user);
    saved.hashed_password = cito_format("supersecret%s", user->password.data);
    cito_log("info", "User saved! ..not really");
    return saved;
}

CITO_POST(app, "/user/", .response_model = CITO_T(UserOut))
CITO_ASYNC_DEF(UserInDB, create_user, (UserIn, user_in))
{
    return fake_save_user(&user_in);
}

CITO_MAIN(app)
