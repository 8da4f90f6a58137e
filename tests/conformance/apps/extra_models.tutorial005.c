#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/keyword-weights/")
CITO_ASYNC_DEF(dict(double), read_keyword_weights)
{
    cito_c_dict(double) weights = { 0 };
    cito_append(&weights, { .key = cito_string("foo"), .value = 2.3 });
    cito_append(&weights, { .key = cito_string("bar"), .value = 3.4 });
    return weights;
}

CITO_MAIN(app)
