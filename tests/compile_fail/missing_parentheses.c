/* gcc: error: .*CITO_each_field_is_in_parentheses_TYPE_comma_NAME
 * clang: error: .*CITO_each_field_is_in_parentheses_TYPE_comma_NAME|error: expected */
#include <cito.h>
CITO_MODEL(Item, str name);
