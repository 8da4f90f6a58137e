/* 6: GET /items/: the next function is read_items in line 17, too far away to be meant: a decorator stands directly before its function */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")

static int count_items(void)
{
    int count = 0;
    for (int i = 0; i < 3; i++)
        count += i;
    return count;
}

/* Nobody sees any more that this one is meant. */
CITO_ASYNC_DEF(any, read_items)
{
    return cito_object("count", count_items());
}

CITO_MAIN(app)
