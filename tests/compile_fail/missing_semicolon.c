/* gcc: error: expected ',' or ';' before 'typedef'
 * clang: error: expected ';' after top level declarator */
#include <cito.h>
CITO_MODEL(First, (str, a))
CITO_MODEL(Second, (str, b));
