/* gcc: error: expected '\)' before 'q'
 * clang: error: expected '\)' */
#include <cito.h>
CITO_DEF(none, f, (str, q))
{
    cito_raise(400, q.data);
}
