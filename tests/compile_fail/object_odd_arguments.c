/* gcc: error: macro "CITO_cito_object_takes_KEY_comma_VALUE" requires
 * clang: error: too few arguments provided to function-like macro invocation */
#include <cito.h>
CITO_DEF(any, f) { return cito_object("a"); }
