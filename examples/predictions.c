/* Work that leaves the request: POST answers 202 with a job id, the status says how far it is, the decision is there when it is READY.
 *
 *   ./predictions run --with-worker                                    # API and worker in one command, no broker to install
 *   curl -X POST http://127.0.0.1:8000/predictions -H 'content-type: application/json' -d '{"values": [0.4, 0.8], "customer": "ada"}'
 *   curl http://127.0.0.1:8000/statuses/JOB_ID          PENDING, STARTED, READY, ERROR
 *   curl http://127.0.0.1:8000/decisions/JOB_ID
 *
 * The model asks Redis and PostgreSQL at the same time and takes the longer of the two, not the sum, where PREDICTIONS_REDIS (host:port) and PREDICTIONS_POSTGRES (a
 * connection string) say where they are. A row for each request goes through the queue too, in batches, and is written to the file that PREDICTIONS_LOG names. */
#include <cito.h>
#include <cito/tasks.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CITO_QUEUE(queue);

CITO_ENUM(JobStatus, PENDING, STARTED, READY, ERROR);
CITO_MODEL(Features, (list(double), values, min_length(1), max_length(1000)), (str, customer, default("anonymous"), max_length(50)));
CITO_MODEL(Lookup, (double, value), (double, start), (double, end));
CITO_MODEL(Prediction, (double, score), (str, label), (Lookup, redis), (Lookup, postgres));
CITO_MODEL(Job, (str, job_id), (JobStatus, status));
CITO_MODEL(Row, (double, at), (int, worker_id), (str, method), (str, path));

/* ---- the log of requests: each worker gathers rows, a task writes a batch of them in one go -------------------------------- */

/* The path is the worker's, as the task runs there. Late acknowledgement: a batch may be written twice, and is never lost with a worker. */
CITO_TASK(queue, .name = "predict.write_rows", .acks_late = true, .ignore_result = true, .max_retries = 5, .retry_backoff = true)
CITO_DEF(none, write_rows, (list(Row), rows))
{
    cito_str *lines = cito_alloc((rows.count + 1) * sizeof *lines);
    size_t len = 0;
    for (size_t i = 0; i < rows.count; i++) {
        lines[i] = cito_json_text(cito_dump(Row, &rows.items[i]), 0); /* a client's path may hold anything: JSON keeps it on its line */
        len += lines[i].len + 1;
    }
    char *text = cito_alloc(len + 1), *end = text;
    for (size_t i = 0; i < rows.count; i++) {
        end = mempcpy(end, lines[i].data, lines[i].len);
        *end++ = '\n';
    }
    const char *path = getenv("PREDICTIONS_LOG");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    ssize_t written = file < 0 ? -1 : write(file, text, len); /* one write: batches of several workers do not mix */
    if (file >= 0)
        close(file);
    if (path && written != (ssize_t)len)
        cito_task_retry(-1, "%s cannot be written to", path);
}

/* Rows that wait. The loop's thread alone comes here, from coroutines: nothing else runs in between until one of them waits. */
enum { BATCH_ROWS = 100 };
#define BATCH_WAIT_S 0.2
typedef struct batch {
    size_t count;
    Row *rows[BATCH_ROWS];
} batch;
static batch *open_batch;

static void free_batch(void *data)
{
    batch *sent = data;
    for (size_t i = 0; i < sent->count; i++)
        cito_free(Row, sent->rows[i]);
    free(sent);
}

static void send_batch(void *data)
{
    const batch *sent = data;
    cito_list_Row rows = { 0 };
    cito_defer(free_batch, data); /* also where sending raises, as no broker answers */
    for (size_t i = 0; i < sent->count; i++)
        cito_append(&rows, *sent->rows[i]);
    cito_delay(write_rows, rows);
}

static batch *take_open_batch(void)
{
    batch *taken = open_batch;
    open_batch = NULL;
    return taken;
}

static void send_open_batch(void *data)
{
    (void)data;
    batch *taken = take_open_batch();
    if (taken)
        send_batch(taken);
}

static void send_in_time(void *data)
{
    cito_sleep(BATCH_WAIT_S);
    send_open_batch(data);
}

/* The request that begins a batch takes care, after its answer, that it goes in time; the one that fills it sends it. So nothing runs while nobody asks. */
CITO_ASYNC_DEF(none, log_request, (request, request))
{
    if (!getenv("PREDICTIONS_LOG"))
        return;
    if (!open_batch) {
        open_batch = calloc(1, sizeof *open_batch);
        if (!open_batch)
            cito_raise(503, "no memory for the log");
        cito_defer(send_in_time, NULL);
    }
    Row row = {
        .at = cito_now(), .worker_id = cito_worker_id(), .method = cito_request_method(request), .path = cito_request_path(request)
    };
    open_batch->rows[open_batch->count++] = cito_dup(Row, &row);
    if (open_batch->count == BATCH_ROWS)
        cito_defer(send_batch, take_open_batch());
}

CITO_APP(app, .title = "Predictions", .dependencies = { CITO_DEPENDS(log_request) });

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    cito_lifespan_yield();
    send_open_batch(NULL);
}

/* ---- what the model needs from elsewhere: blocking clients, each on a thread of the pool ---------------------------------- */

CITO_DEF(Lookup, ask_redis, (str, customer))
{
    Lookup found = { .value = 1, .start = cito_now() };
    const char *where = getenv("PREDICTIONS_REDIS"), *colon = where ? strchr(where, ':') : NULL;
    if (colon) {
        redisContext *redis = redisConnect(cito_format("%.*s", (int)(colon - where), where).data, atoi(colon + 1));
        redisReply *reply = redis && !redis->err ? redisCommand(redis, "GET weight:%b", customer.data, customer.len) : NULL;
        if (reply && reply->type == REDIS_REPLY_STRING)
            found.value = atof(reply->str);
        bool failed = !reply;
        freeReplyObject(reply);
        redisFree(redis);
        if (failed)
            cito_raise(503, "Redis does not answer");
    }
    found.end = cito_now();
    return found;
}

CITO_DEF(Lookup, ask_postgres, (str, customer))
{
    Lookup found = { .value = 0, .start = cito_now() };
    const char *where = getenv("PREDICTIONS_POSTGRES");
    if (where) {
        PGconn *connection = PQconnectdb(where);
        const char *const values[] = { customer.data };
        PGresult *rows =
            PQexecParams(connection, "SELECT bonus FROM customers, pg_sleep(0.2) WHERE name = $1", 1, NULL, values, NULL, NULL, 0);
        bool failed = PQresultStatus(rows) != PGRES_TUPLES_OK;
        if (!failed && PQntuples(rows))
            found.value = atof(PQgetvalue(rows, 0, 0));
        PQclear(rows);
        PQfinish(connection);
        if (failed)
            cito_raise(503, "PostgreSQL does not answer");
    }
    found.end = cito_now();
    return found;
}

/* ---- the task -------------------------------------------------------------------------------------------------------------- */

CITO_TASK(queue, .name = "predict.score", .acks_late = true, .track_started = true, .time_limit = 60)
CITO_ASYNC_DEF(Prediction, score, (Features, features))
{
    cito_future(ask_redis) redis = cito_start(ask_redis, features.customer);
    cito_future(ask_postgres) postgres = cito_start(ask_postgres, features.customer);
    Lookup weight = cito_await(redis), bonus = cito_await(postgres); /* the longer of the two, not the sum */
    double sum = bonus.value;
    for (size_t i = 0; i < features.values.count; i++)
        sum += weight.value * features.values.items[i];
    if (sum < 0)
        cito_raise(422, "The model knows no negative sums");
    return (Prediction){ .score = sum, .label = cito_string(sum > 1 ? "high" : "low"), .redis = weight, .postgres = bonus };
}

/* ---- the API ---------------------------------------------------------------------------------------------------------------- */

CITO_POST(app, "/predictions", .status_code = 202)
CITO_ASYNC_DEF(Job, create_prediction, (Features, features))
{
    cito_async_result(score) result = cito_delay(score, features);
    return (Job){ .job_id = result.id, .status = JobStatus_PENDING };
}

CITO_GET(app, "/statuses/{job_id}")
CITO_ASYNC_DEF(Job, read_status, (str, job_id))
{
    cito_str state = cito_result_state(cito_result_by_id(score, job_id));
    JobStatus status = cito_str_equal(state, "SUCCESS")                                       ? JobStatus_READY
                       : cito_str_equal(state, "FAILURE") || cito_str_equal(state, "REVOKED") ? JobStatus_ERROR
                       : cito_str_equal(state, "PENDING")                                     ? JobStatus_PENDING
                                                                                              : JobStatus_STARTED;
    return (Job){ .job_id = job_id, .status = status };
}

CITO_GET(app, "/decisions/{job_id}")
CITO_ASYNC_DEF(Prediction, read_decision, (str, job_id))
{
    return cito_result_get(cito_result_by_id(score, job_id), 0.1); /* 504 while it is not there */
}

CITO_MAIN(app)
