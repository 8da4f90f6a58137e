/* gcc: error: .*'CITO_OPT_min_lenght'.*did you mean 'CITO_OPT_min_length'|error: .*CITO_OPT_min_lenght
 * clang: error: .*'CITO_OPT_min_lenght' */
#include <cito.h>
CITO_MODEL(Item, (str, name, min_lenght(3)));
