/* One of two files: the application, which includes the other's router and takes and gives the model of the header as that does. */
#include "shared_model.h"

CITO_APP(app, .title = "Shared");

CITO_EXTERN_ASYNC_DEF(Part, read_part, (str, name), (opt(str), x_key, header))
{
    if (!x_key)
        cito_raise(401, "no key");
    return (Part){ .name = name, .colour = Colour_green };
}

CITO_POST(app, "/parts/count")
CITO_DEF(int, count_parts, (Part, part)) { return (int)part.parts.count; }

CITO_INCLUDE_ROUTER(app, parts, "/one")
CITO_INCLUDE_ROUTER(app, parts, "/two", .tags = { "second" })
CITO_MAIN(app)
