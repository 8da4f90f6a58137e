#include <cito.h>

CITO_APP(app);

CITO_POST(app, "/login/")
CITO_ASYNC_DEF(any, login, (str, username, form), (str, password, form))
{
    return cito_object("username", username);
}

CITO_MAIN(app)
