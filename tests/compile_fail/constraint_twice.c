/* gcc: error: initialized field overwritten
 * clang: error: initializer overrides prior initialization of this subobject */
#include <cito.h>
CITO_MODEL(Item, (int, n, ge(1), ge(2)));
