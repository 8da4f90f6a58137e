/* 7: GET /: get_settings runs once per process (CITO_CACHED), so its parameter locale cannot come from a request: take CITO_CACHED or the parameter away */
#include <cito.h>

CITO_APP(app);

CITO_CACHED
CITO_DEF(any, get_settings, (str, locale))
{
    return cito_object("locale", locale);
}

CITO_GET(app, "/")
CITO_ASYNC_DEF(any, read_root, (depends(get_settings), settings))
{
    return settings;
}

CITO_MAIN(app)
