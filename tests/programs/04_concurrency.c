/* The four ways to wait three seconds, as in the seeds' example applications. */
#include <cito.h>
#include <unistd.h>

CITO_APP(app);

CITO_DEF(str, slow_query, (str, table)) /* blocking code */
{
    sleep(3);
    return cito_format("rows of %s", table.data);
}

CITO_ASYNC_DEF(double, ask_redis, (str, key))
{
    cito_sleep(0.2);
    return cito_now();
}
CITO_ASYNC_DEF(int, ask_postgres, (int, id))
{
    cito_sleep(0.3);
    return id;
}

CITO_GET(app, "/blocking-on-the-loop") /* holds up every other request of this worker */
CITO_ASYNC_DEF(any, blocking)
{
    sleep(3);
    return cito_object("done", true);
}

CITO_GET(app, "/async") /* thousands of these wait side by side on one thread */
CITO_ASYNC_DEF(any, async_wait)
{
    cito_sleep(3);
    return cito_object("done", true);
}

CITO_GET(app, "/sync") /* runs in the thread pool (40 threads, --threadpool-size) */
CITO_DEF(any, sync_wait)
{
    sleep(3);
    return cito_object("worker_id", cito_worker_id());
}

CITO_GET(app, "/threadpool")
CITO_ASYNC_DEF(any, threadpool) { return cito_object("rows", cito_run_in_threadpool(slow_query, cito_string("items"))); }

CITO_GET(app, "/both")
CITO_ASYNC_DEF(any, both)
{
    cito_future(ask_redis) redis = cito_start(ask_redis, cito_string("price"));
    cito_future(ask_postgres) postgres = cito_start(ask_postgres, 7);
    return cito_object("redis", cito_await(redis), "postgres", cito_await(postgres)); /* the longer of the two, not the sum */
}

CITO_DEF(none, write_log, (str, message)) { cito_log("info", "%s", message.data); }

CITO_POST(app, "/send/{address}", .status_code = 202)
CITO_ASYNC_DEF(any, send, (email, address), (background, tasks))
{
    cito_background_add(tasks, write_log, cito_format("mail to %s", address.data));
    return cito_object("message", "on its way");
}
