/* What once went wrong unseen and now goes right. */
#include <cito.h>

CITO_APP(app);

CITO_ENUM(Os, linux, unix, windows); /* gnu17 defines the first two as 1 */

CITO_GET(app, "/os")
CITO_ASYNC_DEF(any, read_os, (Os, os))
{
    return cito_object("name", cito_name(Os, os), "is_linux", os == Os_linux);
}

CITO_GET(app, "/append")
CITO_ASYNC_DEF(list(double), append)
{
    cito_c_list(double) numbers = { 0 };
    cito_append(&numbers, 1 / 2);
    cito_append(&numbers, 1 / 2.0);
    return numbers;
}

static cito_lock guard;

CITO_GET(app, "/lock")
CITO_DEF(any, lock, (bool, raises, default(false)))
{
    cito_with_lock(&guard)
    {
        if (raises)
            cito_raise(418, "raised with the lock held");
        return cito_object("true", true);
    }
    return cito_null;
}

CITO_MAIN(app)
