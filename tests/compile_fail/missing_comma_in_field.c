/* gcc: error: macro "CITO_each_field_is_in_parentheses_TYPE_comma_NAME" requires
 * clang: error: too few arguments provided to function-like macro invocation */
#include <cito.h>
CITO_MODEL(Item, (str name));
