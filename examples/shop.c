/* A shop: typed items and orders with nested models, kept in memory. `make run` serves it.
 *
 *   curl 'http://127.0.0.1:8000/items/5?q=x'
 *   curl -X POST http://127.0.0.1:8000/items/ -H 'content-type: application/json' -d '{"name": "Lamp", "price": 12.5, "tags": ["light"]}'
 *   curl -X POST http://127.0.0.1:8000/orders/ -H 'content-type: application/json' \
 *        -d '{"customer": {"name": "Ada", "email": "ada@example.com"}, "lines": [{"item_id": 1, "quantity": 2}]}'
 *
 * Its functions are async and never wait, so they run one at a time on the loop: what they share needs no lock. */
#include <cito.h>

CITO_APP(app, .title = "Shop", .version = "1.0.0", .description = "Items and orders, in memory.");

CITO_ENUM(Size, small, medium, large);
CITO_ENUM(OrderStatus, open, paid, sent);

CITO_MODEL(Image, (url, url), (str, name, max_length(80)));

CITO_MODEL(ItemIn,
    (str,         name,        min_length(1), max_length(50), example("Lamp")),
    (opt(str),    description, title("What the buyer reads"), max_length(300)),
    (double,      price,       gt(0), description("Without tax, greater than zero")),
    (opt(double), tax,         ge(0)),
    (Size,        size,        default("medium")),
    (set(str),    tags,        default([])),
    (list(Image), images,      default([])));
CITO_MODEL(Item, (int, id), (ItemIn, base, flatten));

CITO_MODEL(Customer, (str, name, min_length(1)), (email, email), (opt(str), phone, pattern("^\\+?[0-9 ]{5,20}$")));
CITO_MODEL(OrderLine, (int, item_id, ge(1)), (int, quantity, default(1), ge(1), le(100)));
CITO_MODEL(OrderIn, (Customer, customer), (list(OrderLine), lines, min_length(1), max_length(50)), (opt(datetime), deliver_after));
CITO_MODEL(Order, (int, id), (OrderIn, base, flatten), (double, total), (OrderStatus, status, default("open")), (datetime, created_at));
CITO_MODEL(Message, (str, detail));

/* ---- what this worker keeps -------------------------------------------------------------------------------------------- */

enum { SHOP_SIZE = 1000 };
static struct shop {
    Item *items[SHOP_SIZE];
    Order *orders[SHOP_SIZE];
    int item_count, order_count;
} shop;

static Item *find_item(int id)
{
    if (id < 1 || id > shop.item_count || !shop.items[id - 1])
        cito_raise(404, "Item %d not found", id);
    return shop.items[id - 1];
}

/* ---- dependencies -------------------------------------------------------------------------------------------------------- */

CITO_MODEL(Page, (int, skip, default(0), ge(0)), (int, limit, default(20), ge(1), le(100)));

/* ---- items ------------------------------------------------------------------------------------------------------------------ */

CITO_GET(app, "/")
CITO_ASYNC_DEF(any, read_root)
{
    return cito_object("message", "Welcome to the shop", "docs", "/docs");
}

CITO_ROUTER(items, .prefix = "/items", .tags = {"items"});

CITO_GET(items, "/", .summary = "List the items")
CITO_ASYNC_DEF(list(Item), list_items, (Page, page, query), (opt(Size), size), (opt(str), tag))
{
    cito_c_list(Item) found = { 0 };
    for (int i = page.skip; i < shop.item_count && (int)found.count < page.limit; i++) {
        const Item *item = shop.items[i];
        bool fits = item && (!size || item->base.size == *size);
        bool tagged = !tag;
        for (size_t t = 0; fits && tag && t < item->base.tags.count; t++)
            tagged |= cito_same(item->base.tags.items[t], *tag);
        if (fits && tagged)
            cito_append(&found, *item);
    }
    return found;
}

CITO_GET(items, "/{item_id}", .responses = {{.status_code = 404, .model = CITO_T(Message)}})
CITO_ASYNC_DEF(any, read_item, (int, item_id, ge(1)), (opt(str), q, max_length(50)))
{
    const cito_value *item = item_id <= shop.item_count && shop.items[item_id - 1] ? cito_dump(Item, shop.items[item_id - 1]) : cito_null;
    return cito_object("item_id", item_id, "q", q, "item", item);
}

CITO_POST(items, "/", .status_code = 201)
CITO_ASYNC_DEF(Item, create_item, (ItemIn, item))
{
    if (shop.item_count == SHOP_SIZE)
        cito_raise(507, "The shop is full");
    int id = shop.item_count + 1;
    shop.items[shop.item_count++] = cito_dup(Item, &(Item){ .id = id, .base = item }); /* outlives the request */
    return *shop.items[id - 1];
}

CITO_PUT(items, "/{item_id}", .responses = {{.status_code = 404, .model = CITO_T(Message)}})
CITO_ASYNC_DEF(Item, replace_item, (int, item_id), (ItemIn, item))
{
    Item *old = find_item(item_id);
    shop.items[item_id - 1] = cito_dup(Item, &(Item){ .id = item_id, .base = item });
    cito_free(Item, old);
    return *shop.items[item_id - 1];
}

CITO_DELETE(items, "/{item_id}", .status_code = 204)
CITO_ASYNC_DEF(none, delete_item, (int, item_id))
{
    cito_free(Item, find_item(item_id));
    shop.items[item_id - 1] = NULL;
}

CITO_INCLUDE_ROUTER(app, items, "")

/* ---- orders ------------------------------------------------------------------------------------------------------------------ */

CITO_DEF(none, write_log, (str, message))
{
    cito_log("info", "%s", message.data);
}

CITO_POST(app, "/orders/", .status_code = 201, .tags = {"orders"}, .responses = {{.status_code = 404, .model = CITO_T(Message)}})
CITO_ASYNC_DEF(Order, create_order, (OrderIn, order), (background, tasks))
{
    double total = 0;
    for (size_t i = 0; i < order.lines.count; i++) {
        const Item *item = find_item(order.lines.items[i].item_id);
        total += order.lines.items[i].quantity * (item->base.price + (item->base.tax ? *item->base.tax : 0));
    }
    if (shop.order_count == SHOP_SIZE)
        cito_raise(507, "No room for more orders");
    int id = shop.order_count + 1;
    shop.orders[shop.order_count++] = cito_dup(Order, &(Order){ .id = id, .base = order, .total = total, .created_at = cito_utcnow() });
    cito_background_add(tasks, write_log, cito_format("order %d of %s: %.2f", id, order.customer.name.data, total));
    return *shop.orders[id - 1];
}

CITO_GET(app, "/orders/{order_id}", .tags = {"orders"}, .responses = {{.status_code = 404, .model = CITO_T(Message)}})
CITO_ASYNC_DEF(Order, read_order, (int, order_id))
{
    if (order_id < 1 || order_id > shop.order_count)
        cito_raise(404, "Order %d not found", order_id);
    return *shop.orders[order_id - 1];
}

CITO_MAIN(app)
