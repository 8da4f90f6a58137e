#include <cito.h>

CITO_APP(app);

CITO_EXCEPTION(InternalError, (str, message));

static void swallow(const cito_exception *exception, void *data)
{
    (void)data;
    if (cito_exception_as(InternalError, exception))
        cito_log("info", "Oops, we didn't raise again, Britney");
}

CITO_DEF(str, get_username)
{
    cito_on_raise(swallow, NULL);
    return cito_string("Rick");
}

CITO_GET(app, "/items/{item_id}")
CITO_DEF(any, get_item, (str, item_id), (depends(get_username), username))
{
    if (cito_str_equal(item_id, "portal-gun"))
        cito_raise_as(InternalError, .message = cito_format("The portal gun is too dangerous to be owned by %s", username.data));
    if (!cito_str_equal(item_id, "plumbus"))
        cito_raise(404, "Item not found, there's only a plumbus here");
    return cito_value(item_id);
}

CITO_MAIN(app)
