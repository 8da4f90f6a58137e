#include <cito.h>

CITO_APP(app);

CITO_MODEL(Image, (url, url), (str, name));
CITO_MODEL(Item,
    (str,              name),
    (opt(str),         description),
    (double,           price),
    (opt(double),      tax),
    (set(str),         tags, default([])),
    (opt(list(Image)), images));
CITO_MODEL(Offer, (str, name), (opt(str), description), (double, price), (list(Item), items));

CITO_POST(app, "/offers/")
CITO_ASYNC_DEF(any, create_offer, (Offer, offer))
{
    return cito_dump(Offer, &offer);
}

CITO_MAIN(app)
