/* Work that leaves the request: POST answers 202 with a job id, the status says how far it is, the decision is there when it is READY.
 *
 *   ./predictions run --with-worker                                    # API and worker in one command, no broker to install
 *   curl -X POST http://127.0.0.1:8000/predictions -H 'content-type: application/json' -d '{"values": [0.4, 0.8], "customer": "ada"}'
 *   curl http://127.0.0.1:8000/statuses/JOB_ID          PENDING, STARTED, READY, ERROR
 *   curl http://127.0.0.1:8000/decisions/JOB_ID
 *
 * The model asks Redis and PostgreSQL at the same time and takes the longer of the two, not the sum, where PREDICTIONS_REDIS (host:port) and PREDICTIONS_POSTGRES (a
 * connection string) say where they are. What is written goes through the queue too, and is written in batches: a row for each request to the file that PREDICTIONS_LOG
 * names, each decision to PostgreSQL. Its tables:
 *
 *   CREATE TABLE customers(name text PRIMARY KEY, bonus double precision);
 *   CREATE TABLE decisions(job_id text PRIMARY KEY, customer text, score double precision, label text); */
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
CITO_ANNOTATED(Text, str, pattern("^[^\\x00]*$")); /* no database keeps a NUL in a text */
CITO_MODEL(Features, (list(double), values, min_length(1), max_length(1000)), (Text, customer, default("anonymous"), max_length(50)));
CITO_MODEL(Lookup, (double, value), (double, start), (double, end));
CITO_MODEL(Prediction, (double, score), (str, label), (Lookup, redis), (Lookup, postgres));
CITO_MODEL(Job, (str, job_id), (JobStatus, status));
CITO_MODEL(Row, (double, at), (int, worker_id), (str, method), (str, path));
CITO_MODEL(Decision, (Text, job_id), (Text, customer), (double, score, allow_inf_nan(false)), (Text, label));

/* ---- writes: each message brings one row, the worker gathers them, and a call writes them all --------------------------------
 *
 * Late acknowledgement: rows may be written twice, and are never lost with a worker. The path and the database are the worker's, as the tasks run there. */
#define BATCHES    .flush_every = 100, .flush_interval = 0.2
#define NEVER_LOST .acks_late = true, .reject_on_worker_lost = true, .ignore_result = true, .max_retries = -1, .retry_backoff = true

CITO_TASK(queue, .name = "predict.write_rows", BATCHES, NEVER_LOST)
CITO_DEF(none, write_rows, (list(Row), rows))
{
    cito_str *lines = cito_alloc(rows.count * sizeof *lines);
    size_t len = 0;
    for (size_t i = 0; i < rows.count; i++) {
        lines[i] = cito_json_text(cito_dump(Row, &rows.items[i]), 0); /* a client's path may hold anything: JSON keeps it on its line */
        len += lines[i].len + 1;
    }
    char *text = cito_alloc(len), *end = text;
    for (size_t i = 0; i < rows.count; i++) {
        end = mempcpy(end, lines[i].data, lines[i].len);
        *end++ = '\n';
    }
    const char *path = getenv("PREDICTIONS_LOG");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    ssize_t written = file < 0 ? -1 : write(file, text, len); /* one write: batches of several processes do not mix */
    if (file >= 0)
        close(file);
    if (written != (ssize_t)len)
        cito_task_retry(-1, "%s cannot be written to", path ? path : "What PREDICTIONS_LOG names");
    cito_log("info", "%zu rows written", rows.count);
}

CITO_TASK(queue, .name = "predict.save_decisions", BATCHES, NEVER_LOST)
CITO_DEF(none, save_decisions, (list(Decision), decisions))
{
    static PGconn *connection; /* of this process, which runs one task at a time */
    const char *where = getenv("PREDICTIONS_POSTGRES");
    if (!connection)
        connection = PQconnectdb(where ? where : "");
    else if (PQstatus(connection) != CONNECTION_OK)
        PQreset(connection);
    const char *const values[] = { cito_json_text(cito_dump_list(Decision, decisions), 0).data };
    PGresult *inserted = PQexecParams(connection,
        "INSERT INTO decisions SELECT * FROM json_to_recordset($1) AS "
        "of(job_id text, customer text, score double precision, label text) ON CONFLICT DO NOTHING",
        1, NULL, values, NULL, NULL, 0);
    bool failed = PQresultStatus(inserted) != PGRES_COMMAND_OK;
    PQclear(inserted);
    if (failed)
        cito_task_retry(-1, "%s", PQerrorMessage(connection));
}

static void send_row(void *row)
{
    cito_delay(write_rows, { row, 1 });
}

/* After the answer, which does not wait for the broker. */
CITO_ASYNC_DEF(none, log_request, (request, request))
{
    if (!getenv("PREDICTIONS_LOG"))
        return;
    Row row = {
        .at = cito_now(), .worker_id = cito_worker_id(), .method = cito_request_method(request), .path = cito_request_path(request)
    };
    cito_defer(send_row, cito_copy(&row, sizeof row));
}

CITO_APP(app, .title = "Predictions", .dependencies = { CITO_DEPENDS(log_request) });

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
    cito_str label = cito_string(sum > 1 ? "high" : "low"), job_id = cito_value_string(cito_value_get(cito_task_request(), "id"));
    if (getenv("PREDICTIONS_POSTGRES"))
        cito_delay(save_decisions, cito_list(Decision, { .job_id = job_id, .customer = features.customer, .score = sum, .label = label }));
    return (Prediction){ .score = sum, .label = label, .redis = weight, .postgres = bonus };
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
