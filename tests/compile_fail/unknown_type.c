/* gcc: error: unknown type name 'cito_c_string'
 * clang: error: unknown type name 'cito_c_string' */
#include <cito.h>
CITO_MODEL(Item, (string, name));
