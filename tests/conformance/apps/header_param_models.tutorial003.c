#include <cito.h>

CITO_APP(app);

CITO_MODEL(CommonHeaders,
    (str,       host),
    (bool,      save_data),
    (opt(str),  if_modified_since),
    (opt(str),  traceparent),
    (list(str), x_tag, default([])));

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (CommonHeaders, headers, header, convert_underscores(false)))
{
    return cito_dump(CommonHeaders, &headers);
}

CITO_MAIN(app)
