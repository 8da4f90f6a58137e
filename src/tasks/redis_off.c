/* Redis off: what stands in for the broker and the back end in a build without hiredis: a refusal that says what to do. Threading: none of its own. */
#include "tasks/backend.h"
#include "tasks/broker.h"

static const char text[] =
    "this build of cito has no Redis: install libhiredis-dev and build again (meson configure -Dredis=enabled), or use sqlite://FILE";

cito_broker *cito_redis_broker_new(cito_loop *loop, const char *url, const cito_queue *queue, const char **out_error)
{
    (void)loop, (void)url, (void)queue;
    *out_error = text;
    return NULL;
}

cito_backend *cito_redis_backend_new(cito_loop *loop, const char *url, const cito_queue *queue, const char **out_error)
{
    (void)loop, (void)url, (void)queue;
    *out_error = text;
    return NULL;
}
