/* Work that leaves the request: POST answers 202 with a job id, the status says how far it is, the decision is there when it is READY.
 *
 *   ./predictions run --with-worker                                    # API and worker in one command, no broker to install
 *   curl -X POST http://127.0.0.1:8000/predictions -H 'content-type: application/json' -d '{"values": [0.4, 0.8], "customer": "ada"}'
 *   curl http://127.0.0.1:8000/statuses/JOB_ID          PENDING, STARTED, READY, ERROR
 *   curl http://127.0.0.1:8000/decisions/JOB_ID
 *
 * The model asks Redis and PostgreSQL at the same time and takes the longer of the two, not the sum, where PREDICTIONS_REDIS (host:port) and PREDICTIONS_POSTGRES (a
 * connection string) say where they are. */
#include <cito.h>
#include <cito/tasks.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

CITO_APP(app, .title = "Predictions");
CITO_QUEUE(queue);

CITO_ENUM(JobStatus, PENDING, STARTED, READY, ERROR);
CITO_MODEL(Features, (list(double), values, min_length(1), max_length(1000)), (str, customer, default("anonymous"), max_length(50)));
CITO_MODEL(Lookup, (double, value), (double, start), (double, end));
CITO_MODEL(Prediction, (double, score), (str, label), (Lookup, redis), (Lookup, postgres));
CITO_MODEL(Job, (str, job_id), (JobStatus, status));

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
        PGresult *rows = PQexecParams(connection, "SELECT bonus FROM customers, pg_sleep(0.2) WHERE name = $1", 1, NULL, values, NULL, NULL, 0);
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
    JobStatus status = cito_str_equal(state, "SUCCESS")                                        ? JobStatus_READY
                       : cito_str_equal(state, "FAILURE") || cito_str_equal(state, "REVOKED") ? JobStatus_ERROR
                       : cito_str_equal(state, "PENDING")                                      ? JobStatus_PENDING
                                                                                               : JobStatus_STARTED;
    return (Job){ .job_id = job_id, .status = status };
}

CITO_GET(app, "/decisions/{job_id}")
CITO_ASYNC_DEF(Prediction, read_decision, (str, job_id))
{
    return cito_result_get(cito_result_by_id(score, job_id), 0.1); /* 504 while it is not there */
}

CITO_MAIN(app)
