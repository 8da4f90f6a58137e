/* 7: CITO_MIDDLEWARE: write CITO_ASYNC_DEF(response, add_header, (request, request)) */
#include <cito.h>

CITO_APP(app);

CITO_MIDDLEWARE(app)
CITO_ASYNC_DEF(any, add_header)
{
    return cito_null;
}

CITO_MAIN(app)
