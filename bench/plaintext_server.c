/* The server layer alone, with an application that answers at once: what src/server costs above bench/raw_epoll.c. Usage: plaintext_server [PORT [log]]. */
#include "base/log.h"
#include "server/server.h"
#include <stdlib.h>
#include <string.h>

static void handle(cito_application *application, cito_exchange *exchange)
{
    (void)application;
    static const cito_header headers[] = { { { "content-type", 12 }, { "text/plain; charset=utf-8", 25 } } };
    exchange->methods->respond(exchange, 200, headers, 1, (cito_str){ "Hello, World!", 13 });
    exchange->methods->finish(exchange);
}

int main(int argc, char **argv)
{
    cito_arena arena;
    const char *error;
    cito_arena_init(&arena, 0);
    int listener = cito_listener_open(&arena, "127.0.0.1", argc > 1 ? atoi(argv[1]) : 8000, 0, &error);
    if (listener < 0)
        cito_die(1, "%s", error);
    cito_application application = { .handle = handle };
    cito_loop *loop = cito_loop_new(NULL);
    cito_server *server =
        cito_server_new(loop, &application, &(cito_server_options){ .access_log_off = argc < 3 || strcmp(argv[2], "log") != 0 });
    cito_server_listen(server, listener);
    cito_loop_run(loop, UV_RUN_DEFAULT);
}
