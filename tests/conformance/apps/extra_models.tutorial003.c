#include <cito.h>

CITO_APP(app);

CITO_MODEL(CarItem, (str, description), (str, type, default("car")));
CITO_MODEL(PlaneItem, (str, description), (str, type, default("plane")), (int, size));
CITO_UNION(AnyItem, NULL, (plane, PlaneItem), (car, CarItem));

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(AnyItem, read_item, (str, item_id))
{
    if (cito_str_equal(item_id, "item1"))
        return (AnyItem){ .tag = AnyItem_car, .as.car = cito_new(CarItem, .description = cito_string("All my friends drive a low rider")) };
    return (AnyItem){ .tag = AnyItem_plane,
        .as.plane = cito_new(PlaneItem, .description = cito_string("Music is my aeroplane, it's my aeroplane"), .size = 5) };
}

CITO_MAIN(app)
