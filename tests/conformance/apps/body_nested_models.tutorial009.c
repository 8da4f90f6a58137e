#include <cito.h>

CITO_APP(app);

CITO_POST(app, "/index-weights/")
CITO_ASYNC_DEF(any, create_index_weights, (dict(int, double), weights))
{
    return cito_value(weights);
}

CITO_MAIN(app)
