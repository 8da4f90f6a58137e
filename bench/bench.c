/* The application that bench/run measures: the same four operations as bench/bench_fastapi.py. */
#include <cito.h>

CITO_APP(app, .title = "Bench");

CITO_GET(app, "/plaintext", .response_class = cito_class_plain)
CITO_ASYNC_DEF(str, plaintext) { return CITO_STR("Hello, World!"); }

CITO_GET(app, "/json")
CITO_ASYNC_DEF(any, json) { return cito_object("message", "Hello, World!"); }

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_item, (int, item_id, ge(1)), (opt(str), q, max_length(50)), (int, limit, default(10), ge(1), le(100)))
{
    return cito_object("item_id", item_id, "q", q, "limit", limit);
}

CITO_ENUM(Priority, low, normal, high);
CITO_MODEL(Address, (str, street, min_length(1), max_length(100)), (str, city), (str, zip_code, pattern("^[0-9]{5}$")), (str, country, max_length(2)));
CITO_MODEL(Customer, (str, name, min_length(1)), (email, email), (Address, address), (opt(Address), billing_address));
CITO_MODEL(Product, (str, sku, min_length(3), max_length(20)), (str, name), (double, price, gt(0)), (list(str), tags, default([])), (opt(str), description));
CITO_MODEL(Line, (Product, product), (int, quantity, ge(1), le(1000)), (double, discount, default(0), ge(0), le(1)));
CITO_MODEL(Order, (int64, id), (Customer, customer), (list(Line), lines, min_length(1)), (Priority, priority, default("normal")), (opt(str), note, max_length(500)),
    (dict(str), labels, default({})), (datetime, created_at));
CITO_MODEL(Summary, (int64, id), (str, customer), (int, line_count), (double, total), (Priority, priority));

CITO_POST(app, "/orders", .status_code = 201)
CITO_ASYNC_DEF(Summary, create_order, (Order, order))
{
    double total = 0;
    for (size_t i = 0; i < order.lines.count; i++)
        total += order.lines.items[i].product.price * order.lines.items[i].quantity * (1 - order.lines.items[i].discount);
    return (Summary){
        .id = order.id, .customer = order.customer.name, .line_count = (int)order.lines.count, .total = total, .priority = order.priority
    };
}

CITO_MAIN(app)
