/* gcc: error: '_Generic' selector of type 'enum Size' .*is not compatible with any association
 * clang: error: controlling expression type 'cito_c_Size' .*not compatible with any generic association type */
#include <cito.h>
CITO_ENUM(Size, small, large);
CITO_DEF(any, f, (Size, size)) { return cito_object("size", size); }
