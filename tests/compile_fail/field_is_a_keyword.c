/* gcc: error: expected identifier or '\(' before 'short'|error: two or more data types|error: .*short
 * clang: error: */
#include <cito.h>
CITO_MODEL(Item, (str, short));
