/* The worker that bench/tasks measures: the same tasks as bench/bench_celery.py, under the same names, so that one client's messages suit both. */
#include <cito.h>

CITO_APP(app, .title = "Bench");
CITO_QUEUE(queue);

CITO_TASK(queue, .name = "tasks.noop", .ignore_result = true)
CITO_DEF(none, noop) {}

CITO_TASK(queue, .name = "tasks.stored")
CITO_DEF(int, stored, (int, x)) { return x; }

CITO_MAIN(app)
