#include <cito.h>

CITO_APP(app);

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

CITO_GET(app, "/items/", .dependencies = {CITO_DEPENDS(verify_token), CITO_DEPENDS(verify_key)})
CITO_ASYNC_DEF(any, read_items)
{
    return cito_array(cito_object("item", "Foo"), cito_object("item", "Bar"));
}

CITO_MAIN(app)
