/* cc 01_first_steps.c -o hello $(pkg-config --cflags --libs cito) && ./hello
 * Then http://127.0.0.1:8000/items/5?q=somequery and http://127.0.0.1:8000/docs */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/")
CITO_DEF(any, read_root) { return cito_object("Hello", "World"); }

CITO_GET(app, "/items/{item_id}")
CITO_DEF(any, read_item, (int, item_id), (opt(str), q)) { return cito_object("item_id", item_id, "q", q); }

CITO_MAIN(app)
