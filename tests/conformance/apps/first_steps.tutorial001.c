#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/")
CITO_ASYNC_DEF(any, root)
{
    return cito_object("message", "Hello World");
}

CITO_MAIN(app)
