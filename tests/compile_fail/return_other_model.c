/* gcc: error: incompatible types when returning type
 * clang: error: returning .* from a function with incompatible result type */
#include <cito.h>
CITO_MODEL(A, (str, name));
CITO_MODEL(B, (str, name));
CITO_DEF(A, f, (B, b)) { return b; }
