/* gcc: error: '_Generic' selector of type 'struct Item' .*is not compatible with any association
 * clang: error: controlling expression type 'cito_c_Item' .*not compatible with any generic association type */
#include <cito.h>
CITO_MODEL(Item, (str, name));
CITO_DEF(any, f, (Item, item)) { return cito_object("item", item); }
