#include <cito.h>

CITO_APP(app);

CITO_MODEL(FormData, (str, username), (str, password));

CITO_POST(app, "/login/")
CITO_ASYNC_DEF(any, login, (FormData, data, form))
{
    return cito_dump(FormData, &data);
}

CITO_MAIN(app)
