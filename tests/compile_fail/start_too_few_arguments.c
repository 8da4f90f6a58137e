/* gcc: error: missing initializer for field 'y'
 * clang: error: missing field 'y' initializer */
#include <cito.h>
CITO_ASYNC_DEF(int, add, (int, x), (int, y)) { return x + y; }
CITO_ASYNC_DEF(int, f) { return cito_await(cito_start(add, 1)); }
