/* Names that the macros use inside are free for functions and parameters. */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/r")
CITO_ASYNC_DEF(int, result, (int, args), (int, a)) { return args + a; }

CITO_GET(app, "/s")
CITO_DEF(int, args, (int, result)) { return result; }

CITO_MAIN(app)
