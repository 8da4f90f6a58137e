#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/files/{file_path:path}")
CITO_ASYNC_DEF(any, read_file, (str, file_path))
{
    return cito_object("file_path", file_path);
}

CITO_MAIN(app)
