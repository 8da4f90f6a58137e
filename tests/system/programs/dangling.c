/* What a function returns may not point to its own locals: no compiler says so, but a debug build does. */
#include <cito.h>

CITO_APP(app);

CITO_MODEL(Price, (double, amount), (opt(str), currency));

CITO_GET(app, "/optional")
CITO_ASYNC_DEF(Price, read_optional)
{
    cito_str euro = CITO_STR("EUR");
    return (Price){ .amount = 2.5, .currency = &euro };
}

CITO_GET(app, "/list")
CITO_DEF(list(int), read_list)
{
    return (cito_list_int){ (int[]){ 1, 2 }, 2 };
}

CITO_GET(app, "/right")
CITO_ASYNC_DEF(Price, read_right)
{
    return (Price){ .amount = 2.5, .currency = cito_some(str, CITO_STR("EUR")) };
}

CITO_MAIN(app)
