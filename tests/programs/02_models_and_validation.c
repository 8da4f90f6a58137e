#include <cito.h>

CITO_APP(app, .title = "Shop", .version = "1.0.0");

CITO_ENUM(Size, small, medium, large);

CITO_MODEL(Image,
    (url, url),
    (str, name));

CITO_MODEL(Item,
    (str,         name,        min_length(1), max_length(50), example("Foo")),
    (opt(str),    description, title("What the buyer reads"), max_length(300)),
    (double,      price,       gt(0), description("Without tax, greater than zero")),
    (opt(double), tax),
    (Size,        size,        default("medium")),
    (list(str),   tags,        default([])),
    (opt(list(Image)), images));

CITO_MODEL(Category, (str, name), (list(Category), children, default([]))); /* refers to itself */

CITO_MODEL(Cat, (str, pet_type), (int, lives, ge(0), le(9)));
CITO_MODEL(Dog, (str, pet_type), (bool, barks, default(true)));
CITO_UNION(Pet, "pet_type", (cat, Cat), (dog, Dog));

CITO_MODEL(Filter,
    (int, limit,  default(100), gt(0), le(100)),
    (int, offset, default(0), ge(0)),
    (list(str), tags, default([])));

CITO_GET(app, "/items/", .summary = "Search the items", .tags = {"items"})
CITO_DEF(any, search_items, (Filter, filter, query), (opt(str), if_none_match, header), (opt(str), session, cookie))
{
    return cito_object("limit", filter.limit, "offset", filter.offset, "tags", filter.tags, "etag", if_none_match, "session", session);
}

CITO_PUT(app, "/items/{item_id}", .response_model_exclude_unset = true)
CITO_PATCH(app, "/items/{item_id}", .deprecated = true)
CITO_DEF(Item, update_item, (int64, item_id, ge(1)), (Item, item), (int, importance, body, gt(0)))
{
    if (item.tax)
        item.price += *item.tax;
    item.tax = cito_some(double, 0.0);
    return item;
}

CITO_POST(app, "/pets/", .status_code = 201)
CITO_DEF(str, adopt, (Pet, pet))
{
    switch (pet.tag) {
    case Pet_cat:
        return cito_format("a cat with %d lives", pet.as.cat.lives);
    case Pet_dog:
        return cito_string(pet.as.dog.barks ? "a loud dog" : "a quiet dog");
    }
    cito_raise(500, "no such pet");
}

CITO_POST(app, "/login/")
CITO_DEF(any, login, (str, username, form), (str, password, form, min_length(8))) { return cito_object("username", username); }

CITO_POST(app, "/files/")
CITO_DEF(any, upload, (file, file), (list(file), more, default([])), (str, token, form))
{
    return cito_object("name", file->filename, "size", (double)file->size, "more", more.count, "token", token);
}

CITO_DELETE(app, "/items/{item_id}", .status_code = 204)
CITO_DEF(none, delete_item, (int64, item_id))
{
    if (item_id == 404)
        cito_raise(404, "Item %lld not found", (long long)item_id);
}
