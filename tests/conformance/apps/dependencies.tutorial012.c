#include <cito.h>

CITO_ASYNC_DEF(none, verify_token, (str, x_token, header))
{
    if (!cito_str_equal(x_token, "fake-super-secret-token"))
        cito_raise(400, "X-Token header invalid");
}

CITO_ASYNC_DEF(str, verify_key, (str, x_key, header))
{
    if (!cito_str_equal(x_key, "fake-super-secret-key"))
        cito_raise(400, "X-Key header invalid");
    return x_key;
}

CITO_APP(app, .dependencies = {CITO_DEPENDS(verify_token), CITO_DEPENDS(verify_key)});

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items)
{
    return cito_array(cito_object("item", "Portal Gun"), cito_object("item", "Plumbus"));
}

CITO_GET(app, "/users/")
CITO_ASYNC_DEF(any, read_users)
{
    return cito_array(cito_object("username", "Rick"), cito_object("username", "Morty"));
}

CITO_MAIN(app)
