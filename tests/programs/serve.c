/* main of the programs that have none: they are their declarations. */
#include <cito.h>

extern cito_router app;
CITO_MAIN(app)
