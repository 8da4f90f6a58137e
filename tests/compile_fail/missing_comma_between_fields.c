/* gcc: error: expected
 * clang: error: */
#include <cito.h>
CITO_MODEL(Item, (str, a) (int, b));
