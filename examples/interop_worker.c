/* A worker whose tasks Celery's own clients call, and that calls Celery's: every kind of end that a task can have.
 *
 *     ./interop_worker worker --broker redis://127.0.0.1:6379/0 --result-backend redis://127.0.0.1:6379/1 -c 2 */
#include <cito.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CITO_APP(app, .title = "Interop worker");
CITO_QUEUE(queue);

static void append_line(cito_str path, cito_str text)
{
    int fd = open(path.data, O_WRONLY | O_CREAT | O_APPEND, 0644);
    cito_str line = cito_format("%.*s\n", (int)text.len, text.data);
    if (fd < 0 || write(fd, line.data, line.len) != (ssize_t)line.len)
        cito_log("error", "%s cannot be written to", path.data);
    if (fd >= 0)
        close(fd);
}

/* An integer stays one while it fits. */
static const cito_value *sum(const cito_value *x, const cito_value *y)
{
    int64_t whole;
    if (cito_value_kind_of(x) == CITO_VALUE_INT && cito_value_kind_of(y) == CITO_VALUE_INT &&
        !__builtin_add_overflow(cito_value_int(x), cito_value_int(y), &whole))
        return cito_value(whole);
    return cito_value(cito_value_double(x) + cito_value_double(y));
}

/* ---- results --------------------------------------------------------------------------------------------------------- */
CITO_TASK(queue, .name = "tasks.add")
CITO_DEF(any, add, (any, x), (any, y))
{
    return sum(x, y);
}

CITO_TASK(queue, .name = "tasks.mul")
CITO_DEF(any, mul, (any, x), (any, y))
{
    int64_t whole;
    if (cito_value_kind_of(x) == CITO_VALUE_INT && cito_value_kind_of(y) == CITO_VALUE_INT &&
        !__builtin_mul_overflow(cito_value_int(x), cito_value_int(y), &whole))
        return cito_value(whole);
    return cito_value(cito_value_double(x) * cito_value_double(y));
}

CITO_TASK(queue, .name = "tasks.xsum")
CITO_DEF(any, xsum, (list(any), numbers))
{
    const cito_value *total = cito_value(0);
    for (size_t i = 0; i < numbers.count; i++)
        total = sum(total, numbers.items[i]);
    return total;
}

CITO_TASK(queue, .name = "tasks.noop")
CITO_DEF(none, noop)
{
}

CITO_TASK(queue, .name = "tasks.echo")
CITO_DEF(any, echo, (any, value))
{
    return value;
}

CITO_TASK(queue, .name = "tasks.echo_kwargs")
CITO_DEF(any, echo_kwargs, (any, rest, args), (any, named, kwargs))
{
    return cito_object("args", rest, "kwargs", named);
}

CITO_TASK(queue, .name = "tasks.big")
CITO_DEF(str, big, (int64, n))
{
    char *text = cito_alloc((size_t)n + 1);
    return (cito_str){ memset(text, 'x', (size_t)n), (size_t)n };
}

CITO_TASK(queue, .name = "tasks.length")
CITO_DEF(int64, length, (str, text))
{
    int64_t characters = 0;
    for (size_t i = 0; i < text.len; i++)
        characters += (text.data[i] & 0xC0) != 0x80;
    return characters;
}

CITO_TASK(queue, .name = "tasks.pid")
CITO_DEF(int, pid)
{
    return getpid();
}

CITO_TASK(queue, .name = "tasks.on_error")
CITO_DEF(str, on_error, (str, task_id))
{
    return task_id;
}

/* ---- time -------------------------------------------------------------------------------------------------------------- */
CITO_TASK(queue, .name = "tasks.sleep")
CITO_ASYNC_DEF(any, sleep_for, (any, s))
{
    cito_sleep(cito_value_double(s));
    return s;
}

CITO_TASK(queue, .name = "tasks.tracked", .track_started = true)
CITO_ASYNC_DEF(any, tracked, (any, s))
{
    cito_sleep(cito_value_double(s));
    return s;
}

CITO_TASK(queue, .name = "tasks.where")
CITO_ASYNC_DEF(any, where, (double, s))
{
    cito_sleep(s);
    return cito_value_get(cito_task_request(), "hostname");
}

CITO_ASYNC_DEF(none, pause_for, (double, s))
{
    cito_sleep(s);
}

/* The soft time limit raises where the task waits: here is what it does then. */
CITO_TASK(queue, .name = "tasks.soft")
CITO_ASYNC_DEF(str, soft, (double, s))
{
    cito_nothing nothing;
    return cito_string(cito_catch(&nothing, pause_for, s) ? "soft" : "done");
}

CITO_TASK(queue, .name = "tasks.progress")
CITO_ASYNC_DEF(int, progress, (int, n))
{
    for (int i = 1; i <= n; i++) {
        cito_task_update_state("PROGRESS", cito_object("current", i, "total", n));
        cito_sleep(0.2);
    }
    return n;
}

/* ---- files ---------------------------------------------------------------------------------------------------------------- */
CITO_TASK(queue, .name = "tasks.ignore", .ignore_result = true)
CITO_DEF(str, ignore, (str, path), (str, text))
{
    append_line(path, text);
    return text;
}

CITO_TASK(queue, .name = "tasks.append")
CITO_DEF(str, append, (str, path), (str, text))
{
    append_line(path, text);
    return text;
}

CITO_TASK(queue, .name = "tasks.stamp_time")
CITO_DEF(str, stamp_time, (str, path), (str, text))
{
    append_line(path, cito_format("%s %.6f", text.data, cito_now()));
    return text;
}

CITO_TASK(queue, .name = "tasks.slow_append")
CITO_ASYNC_DEF(str, slow_append, (str, path), (str, text), (double, s))
{
    append_line(path, cito_format("start %s", text.data));
    cito_sleep(s);
    append_line(path, cito_format("end %s", text.data));
    return text;
}

CITO_TASK(queue, .name = "tasks.late", .acks_late = true, .reject_on_worker_lost = true)
CITO_ASYNC_DEF(str, late, (str, path), (str, text), (double, s))
{
    append_line(path, cito_format("start %s", text.data));
    cito_sleep(s);
    append_line(path, cito_format("end %s", text.data));
    return text;
}

/* ---- failures -------------------------------------------------------------------------------------------------------------- */
CITO_TASK(queue, .name = "tasks.fail")
CITO_DEF(none, fail, (any, msg))
{
    cito_task_fail("ValueError", "builtins", cito_array(msg));
}

CITO_TASK(queue, .name = "tasks.fail_custom")
CITO_DEF(none, fail_custom, (any, code), (any, msg))
{
    cito_task_fail("ContractError", "contract", cito_array(code, msg));
}

CITO_TASK(queue, .name = "tasks.crash")
CITO_DEF(none, crash)
{
    kill(getpid(), SIGKILL);
}

CITO_TASK(queue, .name = "tasks.crash_late", .acks_late = true, .reject_on_worker_lost = true)
CITO_DEF(str, crash_late, (str, path))
{
    bool is_first = access(path.data, F_OK) != 0;
    append_line(path, CITO_STR("run"));
    if (is_first)
        kill(getpid(), SIGKILL);
    return cito_string("survived");
}

static int retries(void)
{
    return (int)cito_value_int(cito_value_get(cito_task_request(), "retries"));
}

CITO_TASK(queue, .name = "tasks.retry_then_ok", .max_retries = 20)
CITO_DEF(int, retry_then_ok, (int, n))
{
    if (retries() < n)
        cito_task_retry_as(0.3, "ValueError", "builtins", cito_array(cito_format("attempt %d", retries())));
    return retries();
}

CITO_TASK(queue, .name = "tasks.retry_exhaust", .max_retries = 2)
CITO_DEF(none, retry_exhaust)
{
    cito_task_retry_as(0.1, "ValueError", "builtins", cito_array(cito_format("attempt %d", retries())));
}

/* The state stays as the task has set it. */
CITO_TASK(queue, .name = "tasks.raise_ignore")
CITO_DEF(none, raise_ignore)
{
    cito_task_update_state("IGNORED_BY_ME", cito_object("why", "contract"));
    cito_task_fail("Ignore", "celery.exceptions", cito_array());
}

CITO_TASK(queue, .name = "tasks.reject", .acks_late = true)
CITO_DEF(none, reject, (str, path))
{
    append_line(path, CITO_STR("run"));
    cito_task_fail("Reject", "celery.exceptions", cito_array("contract", false));
}

/* ---- the request, and tasks that send tasks ----------------------------------------------------------------------------------- */
CITO_TASK(queue, .name = "tasks.request_info")
CITO_DEF(any, request_info, (any, rest, args))
{
    const cito_value *request = cito_task_request(), *delivery = cito_value_get(request, "delivery_info");
    const cito_value *info =
        cito_object("routing_key", cito_value_get(delivery, "routing_key"), "exchange", cito_value_get(delivery, "exchange"), "priority",
            cito_value_get(delivery, "priority"), "redelivered", cito_value_get(delivery, "redelivered"));
    static const char *const names[] = { "id", "task", "root_id", "parent_id", "group", "group_index", "retries", "eta", "expires",
        "origin", "hostname", "correlation_id", "reply_to", "timelimit", "argsrepr", "kwargsrepr", "ignore_result", "stamps", "x_custom",
        "stamped_headers" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const cito_value *value = cito_value_get(request, names[i]);
        info = cito_merge(info, cito_object(names[i], value));
    }
    return info;
}

CITO_TASK(queue, .name = "tasks.spawn")
CITO_DEF(str, spawn, (any, x))
{
    return cito_send_task(&queue, "tasks.request_info", cito_array(x), NULL, NULL);
}

CITO_MAIN(app)
