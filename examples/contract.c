/* What the black-box checks of servers ask for, as far as processes are concerned: who answered, slowly or never, and what its lifespan wrote.
 *
 *   ./contract run --workers 4 --timeout 5
 *
 * CONTRACT_FAIL_STARTUP=1: start-up fails. CONTRACT_LIFESPAN_LOG=FILE: a line "startup PID" and a line "shutdown PID" of each process. */
#include <cito.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

CITO_APP(app, .title = "Contract");

static bool has_started;

/* One write(2) to a file opened for appending: lines of several processes do not mix. */
static void note(const char *what)
{
    char line[64];
    const char *path = getenv("CONTRACT_LIFESPAN_LOG");
    int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0644) : -1;
    int len = snprintf(line, sizeof line, "%s %d\n", what, (int)getpid());
    if (file >= 0 && write(file, line, (size_t)len) != len)
        cito_log("error", "%s cannot be written", path);
    if (file >= 0)
        close(file);
}

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    if (getenv("CONTRACT_FAIL_STARTUP"))
        cito_raise(500, "start-up refused by CONTRACT_FAIL_STARTUP");
    has_started = true;
    note("startup");
    cito_lifespan_yield();
    note("shutdown");
}

CITO_GET(app, "/")
CITO_HEAD(app, "/")
CITO_ASYNC_DEF(any, read_root)
{
    return cito_object("message", "Hello World");
}

CITO_GET(app, "/pid")
CITO_ASYNC_DEF(any, read_pid)
{
    return cito_object("pid", (int)getpid(), "worker_id", cito_worker_id());
}

CITO_GET(app, "/lifespan")
CITO_ASYNC_DEF(any, read_lifespan)
{
    return cito_object("started", has_started);
}

CITO_POST(app, "/echo")
CITO_PUT(app, "/echo")
CITO_ASYNC_DEF(response, echo, (request, request))
{
    return cito_response_new(cito_request_body(request), .media_type = "application/octet-stream");
}

CITO_POST(app, "/noread")
CITO_ASYNC_DEF(any, read_nothing)
{
    return cito_object("read", false);
}

CITO_GET(app, "/slow")
CITO_ASYNC_DEF(any, wait, (double, s, default(2)))
{
    cito_sleep(s);
    return cito_object("slept", s, "pid", (int)getpid());
}

CITO_GET(app, "/block")
CITO_ASYNC_DEF(any, block, (double, s, default(2)))
{
    usleep((useconds_t)(s * 1e6)); /* holds the whole worker: what its master has to notice */
    return cito_object("blocked", s, "pid", (int)getpid());
}

CITO_GET(app, "/status/{code}")
CITO_ASYNC_DEF(response, answer_status, (int, code, ge(200), le(599)))
{
    if (code == 204 || code == 304)
        return cito_response_new(cito_string(""), .status_code = code);
    return cito_json_response(cito_object("status", code), .status_code = code);
}

CITO_EXCEPTION(Broken, (str, message));

CITO_GET(app, "/error")
CITO_ASYNC_DEF(any, fail)
{
    cito_raise_as(Broken, .message = cito_string("broken on purpose"));
}

CITO_MAIN(app)
