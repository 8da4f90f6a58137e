/* gcc: error: unknown type name 'cito_c_Image'
 * clang: error: unknown type name 'cito_c_Image' */
#include <cito.h>
CITO_MODEL(Item, (Image, image));
CITO_MODEL(Image, (str, name));
