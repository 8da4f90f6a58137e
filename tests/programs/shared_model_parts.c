/* The other of two files: a router whose function depends on a callable of the first. */
#include "shared_model.h"

CITO_ROUTER(parts, .prefix = "/parts", .tags = { "parts" });

CITO_GET(parts, "/{name}")
CITO_DEF(Part, read_one, (depends(read_part), part)) { return part; }

CITO_PUT(parts, "/{name}")
CITO_ASYNC_DEF(list(Part), put_part, (str, name), (Part, part))
{
    cito_c_list(Part) both = { 0 };
    cito_append(&both, part);
    cito_append(&both, (Part){ .name = name });
    return both;
}
