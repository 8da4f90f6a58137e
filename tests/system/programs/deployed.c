/* What docs/deployment.md says of an application behind nginx and in a container, seen from inside: whom it takes for its client, and whose orphans it leaves.
 *
 * ORPHAN_WAITS_ON=FIFO: /orphan leaves a process behind that ends when something is written to it. */
#include <cito.h>
#include <stdlib.h>
#include <unistd.h>

CITO_APP(app, .title = "Deployed");

static cito_str header(const cito_request *request, const char *name)
{
    const cito_str *value = cito_request_header(request, name);
    return value ? *value : cito_string("");
}

CITO_GET(app, "/seen")
CITO_ASYNC_DEF(any, read_seen, (request, request))
{
    return cito_object("client", cito_string(cito_request_client_host(request)), "scheme", cito_request_scheme(request), "host",
        header(request, "host"), "connection", header(request, "connection"), "forwarded_for", header(request, "x-forwarded-for"),
        "forwarded_proto", header(request, "x-forwarded-proto"));
}

CITO_GET(app, "/pid")
CITO_ASYNC_DEF(any, read_pid)
{
    return cito_object("pid", (int)getpid());
}

CITO_POST(app, "/echo")
CITO_ASYNC_DEF(response, echo, (request, request))
{
    return cito_response_new(cito_request_body(request), .media_type = "application/octet-stream");
}

CITO_GET(app, "/things/")
CITO_ASYNC_DEF(any, list_things)
{
    return cito_object("things", 3);
}

CITO_POST(app, "/orphan")
CITO_DEF(any, leave_orphan)
{
    return cito_object("code", system("read line <\"$ORPHAN_WAITS_ON\" &"));
}

CITO_MAIN(app)
