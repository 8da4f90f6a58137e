/* main.c, dependencies.c and routers/items.c of an application, here one after the other. CITO_QUEUE, CITO_TASK and cito_delay come with a later issue: its task is left out. */
#include "08_bigger_application.h"

/* ---- dependencies.c */
CITO_EXTERN_ASYNC_DEF(User, current_user, (str, x_token, header))
{
    if (!cito_str_equal(x_token, "fake-super-secret-token"))
        cito_raise(400, "X-Token header invalid");
    return (User){ .id = 1, .username = cito_string("ada") };
}

/* ---- routers/items.c */
CITO_MODEL(ItemBase, (str, name, min_length(1)), (opt(str), description), (double, price, gt(0)));
CITO_MODEL(ItemIn, (ItemBase, base, flatten), (secret, supplier_key)); /* {"name": …, "price": …, "supplier_key": …} */
CITO_MODEL(ItemOut, (int64, id), (ItemBase, base, flatten));
CITO_MODEL(Message, (str, message));

CITO_ROUTER(items, .prefix = "/items", .tags = {"items"}, .dependencies = {CITO_DEPENDS(current_user)},
    .responses = {{.status_code = 404, .model = CITO_T(Message)}});

enum { SHOP_SIZE = 1000 };
static struct shop {
    ItemOut *kept[SHOP_SIZE];
} shop; /* one per worker: processes share nothing */

CITO_GET(items, "/")
CITO_ASYNC_DEF(list(ItemOut), read_items, (int, skip, default(0), ge(0)), (int, limit, default(100), ge(1), le(100)))
{
    cito_c_list(ItemOut) found = { 0 };
    for (int id = skip; id < SHOP_SIZE && (int)found.count < limit; id++)
        if (shop.kept[id])
            cito_append(&found, *shop.kept[id]);
    return found;
}

CITO_GET(items, "/by-name")
CITO_ASYNC_DEF(dict(ItemOut), read_items_by_name)
{
    cito_c_dict(ItemOut) found = { 0 };
    for (int id = 0; id < SHOP_SIZE; id++)
        if (shop.kept[id])
            cito_append(&found, { .key = shop.kept[id]->base.name, .value = *shop.kept[id] });
    return found;
}

CITO_POST(items, "/", .status_code = 201, .response_class = cito_class_json)
CITO_ASYNC_DEF(ItemOut, create_item, (ItemIn, item), (depends(current_user), user))
{
    int id = 0;
    while (id < SHOP_SIZE && shop.kept[id])
        id++;
    if (id == SHOP_SIZE)
        cito_raise(507, "The shop is full");
    shop.kept[id] = cito_dup(ItemOut, &(ItemOut){ .id = id, .base = item.base }); /* outlives the request */
    return *shop.kept[id];
}

CITO_PATCH(items, "/{item_id}", .response_model_exclude_unset = true)
CITO_ASYNC_DEF(ItemBase, patch_item, (int, item_id, ge(0), lt(SHOP_SIZE)), (ItemBase, patch))
{
    if (!shop.kept[item_id])
        cito_raise(404, "Item %d not found", item_id);
    ItemBase updated = shop.kept[item_id]->base;
    cito_patch(ItemBase, &updated, ItemBase, &patch); /* only the fields that the client sent */
    return updated;
}

/* ---- main.c */
CITO_APP(app, .title = "Bigger application");
CITO_INCLUDE_ROUTER(app, items, "")
CITO_MAIN(app)
