/* gcc: error: format '%s' expects argument of type 'char \*', but argument 2 has type 'cito_c_str'|error: format '%s' expects argument of type 'char \*'
 * clang: error: format specifies type 'char \*' but the argument has type */
#include <cito.h>
CITO_DEF(str, f, (str, q)) { return cito_format("%s", q); }
