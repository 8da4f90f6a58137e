/* Later issues bring CITO_QUEUE, CITO_TASK, CITO_SCHEDULE, cito_delay, cito_apply_async, cito_async_result, cito_result_…, cito_chain, cito_s, cito_partial,
 * cito_task_update_state and cito_task_retry. Here the functions that will be tasks run in the thread pool, and their callers wait. */
#include <cito.h>

CITO_APP(app, .title = "Predictions");

CITO_MODEL(Features, (list(double), values, min_length(1)), (str, model, default("small")));
CITO_MODEL(Prediction, (double, score), (str, label));

CITO_DEF(Prediction, score, (Features, features))
{
    double sum = 0;
    for (size_t i = 0; i < features.values.count; i++)
        sum += features.values.items[i];
    if (sum < 0)
        cito_raise(500, "negative sum %f", sum);
    return (Prediction){ .score = sum, .label = cito_string(sum > 1 ? "high" : "low") };
}

CITO_DEF(int, add, (int, x), (int, y)) { return x + y; }

CITO_POST(app, "/predictions", .status_code = 202)
CITO_ASYNC_DEF(Prediction, create_prediction, (Features, features)) { return cito_run_in_threadpool(score, features); }

CITO_GET(app, "/sums")
CITO_ASYNC_DEF(int, sums) { return cito_run_in_threadpool(add, cito_run_in_threadpool(add, 1, 2), 3); }
CITO_MAIN(app)
