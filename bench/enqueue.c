/* The client that bench/tasks measures: one connection, as bench/bench_celery.py's.
 *
 *     ./enqueue enqueue noop|stored|together COUNT   sends, one after the other or a hundred at once, and tells the rate and the CPU time of each
 *     ./enqueue latency COUNT PER_SECOND             sends, waits for the result, and tells the percentiles
 *
 * The broker and the back end come from CELERY_BROKER_URL and CELERY_RESULT_BACKEND. What is measured is printed as JSON. It has the tasks' declarations and never runs
 * them. It sends as an application does, in requests, here of a hundred tasks each, which the test client asks in memory; each sending waits for its broker. */
#include <cito.h>
#include <cito/testing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

CITO_APP(app, .title = "Enqueue");
CITO_QUEUE(queue);

CITO_TASK(queue, .name = "tasks.noop", .ignore_result = true)
CITO_DEF(none, noop) {}

CITO_TASK(queue, .name = "tasks.stored")
CITO_DEF(int, stored, (int, x)) { return x; }

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

CITO_POST(app, "/noop")
CITO_ASYNC_DEF(none, send_noop, (int, count))
{
    for (int i = 0; i < count; i++)
        cito_delay(noop);
}

enum { BATCH = 100 };

CITO_ASYNC_DEF(none, send_one) { cito_delay(noop); }

CITO_POST(app, "/together")
CITO_ASYNC_DEF(none, send_together, (int, count, le(BATCH)))
{
    cito_future(send_one) sent[BATCH];
    for (int i = 0; i < count; i++)
        sent[i] = cito_start(send_one);
    for (int i = 0; i < count; i++)
        cito_await(sent[i]);
}

CITO_POST(app, "/stored")
CITO_ASYNC_DEF(none, send_stored, (int, count))
{
    for (int i = 0; i < count; i++)
        cito_delay(stored, i);
}

CITO_POST(app, "/result")
CITO_ASYNC_DEF(double, send_and_wait, (int, x))
{
    double started = seconds(CLOCK_MONOTONIC);
    if (cito_result_get(cito_delay(stored, x), 30.0) != x)
        cito_raise(500, "another result than was sent");
    return seconds(CLOCK_MONOTONIC) - started;
}

static double ask(cito_test_client *client, const char *path, const char *name, int value)
{
    char url[64];
    snprintf(url, sizeof url, "%s?%s=%d", path, name, value);
    const cito_reply *reply = cito_client_post_json(client, url, "");
    if (reply->status_code != 200) {
        fprintf(stderr, "%s: %d %.*s\n", url, reply->status_code, (int)reply->body.len, reply->body.data);
        exit(1);
    }
    return strtod(reply->body.data, NULL);
}

static void enqueue(cito_test_client *client, const char *path, int count)
{
    ask(client, path, "count", 1); /* connects */
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int left = count; left > 0; left -= BATCH)
        ask(client, path, "count", left < BATCH ? left : BATCH);
    wall = seconds(CLOCK_MONOTONIC) - wall, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"rate\": %.1f, \"cpu_us\": %.3f}\n", count / wall, cpu / count * 1e6);
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void latency(cito_test_client *client, int count, double per_second)
{
    double *taken = calloc((size_t)count, sizeof *taken);
    for (int i = -5; taken && i < count; i++) { /* the first ones connect */
        double took = ask(client, "/result", "x", i + 5), pause = 1 / per_second - took;
        if (i >= 0)
            taken[i] = took;
        if (pause > 0)
            nanosleep(&(struct timespec){ .tv_sec = (time_t)pause, .tv_nsec = (long)((pause - (double)(time_t)pause) * 1e9) }, NULL);
    }
    if (!taken)
        exit(1);
    qsort(taken, (size_t)count, sizeof *taken, compare);
    printf("{\"p50_ms\": %.4f, \"p99_ms\": %.4f}\n", taken[count / 2] * 1e3, taken[count * 99 / 100] * 1e3);
    free(taken);
}

int main(int argc, char **argv)
{
    int count = argc == 4 ? atoi(argv[strcmp(argv[1], "enqueue") == 0 ? 3 : 2]) : 0;
    if (count <= 0) {
        fprintf(stderr, "Usage: %s enqueue noop|stored|together COUNT, or %s latency COUNT PER_SECOND\n", argv[0], argv[0]);
        return 1;
    }
    cito_test_client *client = cito_test_client_new(&app);
    if (strcmp(argv[1], "latency") == 0)
        latency(client, count, atof(argv[3]));
    else
        enqueue(client, cito_format("/%s", argv[2]).data, count);
    cito_test_client_free(client);
    return 0;
}
