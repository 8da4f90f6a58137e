/* gcc: error: 'cito_decorator'.* has no member named 'status'
 * clang: error: field designator 'status' does not refer to any field in type 'cito_decorator' */
#include <cito.h>
CITO_APP(app);
CITO_GET(app, "/", .status = 201)
CITO_DEF(any, f) { return cito_null; }
