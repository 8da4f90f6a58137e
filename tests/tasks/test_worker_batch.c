/* Tasks of batches on a worker whole: what makes a batch, and that each of its messages ends as it would alone. Nothing here is flushed by time where the interval is
 * an hour: that a call came at all then shows why it came. */
#include "support.h"
#include "tasks/base64.h"
#include "tasks/task.h"
#include "tasks/worker.h"
#include <cito/tasks.h>
#include <signal.h>
#include <sys/wait.h>

#define FOR_HOURS .flush_interval = 3600

CITO_QUEUE(queue);

static char calls_path[128], marker_path[128];

/* A line for each call: its numbers. */
static void note_call(cito_list_int numbers)
{
    FILE *calls = fopen(calls_path, "a");
    for (size_t i = 0; i < numbers.count; i++)
        fprintf(calls, "%s%d", i ? " " : "", numbers.items[i]);
    fprintf(calls, "\n");
    fclose(calls);
}

/* false: the first time. */
static bool was_here(void)
{
    bool was = access(marker_path, F_OK) == 0;
    fclose(fopen(marker_path, "a"));
    return was;
}

CITO_TASK(queue, .flush_every = 5, FOR_HOURS)
CITO_DEF(none, of_five, (list(int), numbers)) { note_call(numbers); }
CITO_TASK(queue, .flush_every = 100, FOR_HOURS, .acks_late = true)
CITO_DEF(none, of_hundred, (list(int), numbers)) { note_call(numbers); }
CITO_TASK(queue, .flush_every = 1000, .flush_interval = 0.05, .acks_late = true)
CITO_ASYNC_DEF(none, in_time, (list(int), numbers)) { note_call(numbers); }
CITO_TASK(queue, .flush_every = 1000, FOR_HOURS)
CITO_DEF(none, large, (list(str), texts)) { note_call((cito_list_int){ (const int[]){ (int)texts.count }, 1 }); }
CITO_TASK(queue, .flush_every = 3, FOR_HOURS, .track_started = true)
CITO_DEF(none, stand, (list(int), numbers))
{
    (void)numbers;
    cito_task_update_state("HALF", cito_task_request());
    cito_task_fail("Ignore", "celery.exceptions", cito_array());
}
CITO_TASK(queue, .flush_every = 2, FOR_HOURS, .max_retries = 2)
CITO_DEF(none, again, (list(int), numbers))
{
    (void)numbers;
    cito_task_retry_as(3600, "ValueError", "builtins", cito_array("no"));
}
CITO_TASK(queue, .flush_every = 2, FOR_HOURS)
CITO_DEF(none, crash, (list(int), numbers))
{
    (void)numbers;
    kill(getpid(), SIGKILL);
}
CITO_TASK(queue, .flush_every = 3, FOR_HOURS, .acks_late = true, .reject_on_worker_lost = true)
CITO_DEF(none, survive, (list(int), numbers))
{
    if (!was_here())
        kill(getpid(), SIGKILL);
    note_call(numbers);
}
CITO_TASK(queue, .flush_every = 2, FOR_HOURS, .acks_late = true)
CITO_ASYNC_DEF(none, hang, (list(int), numbers))
{
    if (!was_here())
        cito_sleep(3600);
    note_call(numbers);
}
CITO_TASK(queue, .flush_every = 2, FOR_HOURS, .time_limit = 0.2)
CITO_ASYNC_DEF(none, overstay, (list(int), numbers))
{
    (void)numbers;
    cito_sleep(3600);
}
CITO_TASK(queue, .flush_every = 2, FOR_HOURS, .soft_time_limit = 0.05)
CITO_ASYNC_DEF(none, notice, (list(int), numbers))
{
    (void)numbers;
    cito_sleep(3600);
}
CITO_TASK(queue, .flush_every = 2, FOR_HOURS, .rate_limit = "20/s")
CITO_DEF(none, slowly, (list(int), numbers)) { note_call(numbers); }
CITO_TASK(queue)
CITO_DEF(int, twice, (int, number)) { return 2 * number; }
CITO_TASK(queue, .queue = "elsewhere", .flush_every = 3, FOR_HOURS)
CITO_DEF(none, left, (list(int), numbers)) { note_call(numbers); }

static cito_loop *loop;
static pid_t worker, leaver;

/* Of all tasks here: where a result lies is the queue's. */
#define STATE(ID) cito_result_state_of(&of_five_callable, ID)

static void await_state(cito_str id, const char *wanted) { UNTIL(cito_str_equal(STATE(id), wanted)); }

static const char *error_of(cito_str id)
{
    return cito_value_string(cito_value_get(cito_value_get(cito_result_meta(&of_five_callable, id), "result"), "exc_type")).data;
}

static void assert_calls(const char *expected)
{
    char text[4096] = "";
    FILE *calls = fopen(calls_path, "r");
    size_t len = calls ? fread(text, 1, sizeof text - 1, calls) : 0;
    if (calls)
        fclose(calls);
    text[len] = 0;
    assert_string_equal(text, expected);
}

static cito_str send_number(const char *task, int number)
{
    return cito_send_task(&queue, task, cito_array(cito_array(number)), NULL, NULL);
}

static void body_enough_make_a_batch(cito_loop *in)
{
    (void)in;
    cito_str ids[] = { cito_delay(of_five, cito_list(int, 1)).id, cito_delay(of_five, cito_list(int, 2, 3)).id,
                       cito_delay(of_five, { NULL, 0 }).id, cito_delay(of_five, cito_list(int, 4, 5, 6)).id,
                       cito_delay(of_five, cito_list(int, 7)).id };
    for (size_t i = 0; i < 5; i++) {
        await_state(ids[i], "SUCCESS");
        assert_null(cito_value_get(cito_result_meta(&of_five_callable, ids[i]), "result"));
    }
    assert_calls("1 2 3 4 5 6 7\n");
}

/* Many more than the worker's window of 4 messages a process: gathered ones lie beside it, and hold up nobody. */
static void body_a_batch_is_wider_than_the_window(cito_loop *in)
{
    (void)in;
    cito_str ids[250];
    for (int i = 0; i < 250; i++)
        ids[i] = send_number("tasks.of_hundred", 7);
    for (int i = 0; i < 200; i++)
        await_state(ids[i], "SUCCESS");
    assert_int_equal(cito_result_get(cito_delay(twice, 21), 30.0), 42);
    assert_string_equal(STATE(ids[249]).data, "PENDING");
    for (int i = 0; i < 50; i++)
        send_number("tasks.of_hundred", 7);
    await_state(ids[249], "SUCCESS");
    char expected[2 * 300 + 1] = "";
    for (int i = 0; i < 300; i++)
        strcat(expected, i % 100 == 99 ? "7\n" : "7 ");
    assert_calls(expected);
}

static void body_time_makes_a_batch(cito_loop *in)
{
    (void)in;
    cito_str ids[20];
    for (int i = 0; i < 20; i++)
        ids[i] = send_number("tasks.in_time", i);
    for (int i = 0; i < 20; i++)
        await_state(ids[i], "SUCCESS");
    FILE *calls = fopen(calls_path, "r");
    int number;
    for (int i = 0; i < 20; i++) /* in how many calls is up to the machine, the order is not */
        assert_true(fscanf(calls, "%d", &number) == 1 && number == i);
    fclose(calls);
}

static void body_four_mebibytes_make_a_batch(cito_loop *in)
{
    (void)in;
    enum { LEN = 1100000 };
    char *text = cito_alloc(LEN + 1);
    memset(text, 'x', LEN);
    cito_str ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = cito_delay(large, cito_list(str, { text, LEN })).id;
    for (int i = 0; i < 3; i++)
        await_state(ids[i], "SUCCESS");
    assert_calls("3\n");
}

static void body_one_that_does_not_fit_fails_alone(cito_loop *in)
{
    (void)in;
    cito_str good[] = { send_number("tasks.of_five", 1), { NULL, 0 }, send_number("tasks.of_five", 3) };
    cito_str wrong = cito_send_task(&queue, "tasks.of_five", cito_array(cito_array("x")), NULL, NULL),
             too_many = cito_send_task(&queue, "tasks.of_five", cito_array(1, 2), NULL, NULL);
    good[1] = send_number("tasks.of_five", 4);
    for (size_t i = 0; i < 3; i++)
        await_state(good[i], "SUCCESS");
    await_state(wrong, "FAILURE");
    await_state(too_many, "FAILURE");
    assert_string_equal(error_of(wrong), "TypeError");
    assert_string_equal(error_of(too_many), "TypeError");
    assert_calls("1 3 4\n");
    /* None that fits: no call. */
    cito_str all[5];
    for (size_t i = 0; i < 5; i++)
        all[i] = cito_send_task(&queue, "tasks.of_five", cito_array(), NULL, NULL);
    for (size_t i = 0; i < 5; i++)
        await_state(all[i], "FAILURE");
    assert_calls("1 3 4\n");
}

/* The first that runs, which here is not the first that came. Ignore leaves every state as it is. */
static void body_a_call_speaks_as_its_first(cito_loop *in)
{
    (void)in;
    cito_send_task(&queue, "tasks.stand", cito_array(), NULL, NULL);
    cito_str first = send_number("tasks.stand", 1), second = send_number("tasks.stand", 2);
    await_state(first, "HALF");
    const cito_value *request = cito_value_get(cito_result_meta(&of_five_callable, first), "result");
    assert_true(cito_same(cito_value_string(cito_value_get(request, "id")), first));
    await_state(second, "STARTED");
}

static cito_str send_after(cito_loop *in, int retries)
{
    cito_message message;
    cito_message_init(&message, cito_context_current->arena, "tasks.again");
    message.retries = retries;
    message.body = CITO_STR("[[[1]],{},{\"callbacks\":null,\"errbacks\":null,\"chain\":null,\"chord\":null}]");
    cito_broker *broker = cito_queue_broker(&queue, in);
    assert_null(broker->methods->publish(broker, "celery", &message));
    return message.id;
}

static void body_each_has_its_own_retries(cito_loop *in)
{
    cito_str first = send_after(in, 0), last = send_after(in, 2);
    await_state(last, "FAILURE");
    await_state(first, "RETRY");
    assert_string_equal(error_of(last), "ValueError");
    assert_string_equal(error_of(first), "ValueError");
}

static void body_each_has_its_own_links(cito_loop *in)
{
    (void)in;
    cito_apply_async(of_five, (cito_list(int, 1)), .link = cito_si(twice, 4));
    cito_str with = cito_apply_async(of_five, (cito_list(int, 2)), .link = cito_si(twice, 5)).id, without = { NULL, 0 };
    for (int i = 0; i < 3; i++)
        without = send_number("tasks.of_five", 3);
    await_state(with, "SUCCESS");
    await_state(without, "SUCCESS");
    const cito_value *children = cito_value_get(cito_result_meta(&of_five_callable, with), "children");
    cito_str child = cito_value_string(cito_value_at(cito_value_at(cito_value_at(children, 0), 0), 0));
    assert_int_equal(cito_result_get(cito_result_by_id(twice, child), 30.0), 10);
    assert_int_equal(cito_value_count(cito_value_get(cito_result_meta(&of_five_callable, without), "children")), 0);
}

static void body_a_lost_childs_messages_fail(cito_loop *in)
{
    (void)in;
    cito_str ids[] = { send_number("tasks.crash", 1), send_number("tasks.crash", 2) };
    for (size_t i = 0; i < 2; i++) {
        await_state(ids[i], "FAILURE");
        assert_string_equal(error_of(ids[i]), "WorkerLostError");
    }
    /* What does not fit has failed before the call. */
    cito_str wrong = cito_send_task(&queue, "tasks.crash", cito_array(), NULL, NULL), right = send_number("tasks.crash", 1);
    await_state(wrong, "FAILURE");
    await_state(right, "FAILURE");
    assert_string_equal(error_of(wrong), "TypeError");
    assert_string_equal(error_of(right), "WorkerLostError");
}

static void body_a_lost_childs_late_messages_run_again(cito_loop *in)
{
    (void)in;
    cito_str ids[] = { send_number("tasks.survive", 1), send_number("tasks.survive", 2), send_number("tasks.survive", 3) };
    for (size_t i = 0; i < 3; i++)
        await_state(ids[i], "SUCCESS");
    assert_calls("1 2 3\n");
}

static void body_a_revoked_one_is_taken_out(cito_loop *in)
{
    (void)in;
    cito_str first = send_number("tasks.of_five", 1), revoked = send_number("tasks.of_five", 2);
    cito_revoke_id(&of_five_callable, revoked, false);
    await_state(revoked, "REVOKED");
    for (int i = 3; i < 7; i++)
        send_number("tasks.of_five", i);
    await_state(first, "SUCCESS");
    assert_calls("1 3 4 5 6\n");
}

/* By SIGKILL: under the thread sanitizer a child of a process with threads hears no signal that it has a handler for. */
static void terminate(cito_loop *in, cito_str id)
{
    cito_str body =
        cito_json_text(cito_object("method", "revoke", "arguments", cito_object("task_id", id, "terminate", true, "signal", "SIGKILL"),
                                   "destination", cito_null),
                       0);
    cito_buffer envelope;
    cito_buffer_init(&envelope);
    cito_buffer_append_literal(&envelope,
                               "{\"content-type\":\"application/json\",\"content-encoding\":\"utf-8\",\"headers\":{},\"body\":\"");
    cito_base64_write(body, &envelope);
    cito_buffer_append_literal(&envelope, "\",\"properties\":{\"body_encoding\":\"base64\",\"delivery_tag\":\"1\"}}");
    cito_broker *broker = cito_queue_broker(&queue, in);
    assert_null(broker->methods->broadcast(broker, "celery.pidbox", "", (cito_str){ envelope.data, envelope.len }));
    cito_buffer_finish(&envelope);
}

static void body_one_is_terminated_the_others_run_again(cito_loop *in)
{
    cito_str revoked = send_number("tasks.hang", 1), other = send_number("tasks.hang", 2);
    UNTIL(access(marker_path, F_OK) == 0);
    terminate(in, revoked);
    await_state(revoked, "REVOKED");
    cito_str last = send_number("tasks.hang", 3);
    await_state(other, "SUCCESS");
    await_state(last, "SUCCESS");
    assert_calls("2 3\n");
}

static void body_time_limits_end_all(cito_loop *in)
{
    (void)in;
    cito_str hard[] = { send_number("tasks.overstay", 1), send_number("tasks.overstay", 2) },
             soft[] = { send_number("tasks.notice", 1), send_number("tasks.notice", 2) };
    for (size_t i = 0; i < 2; i++) {
        await_state(hard[i], "FAILURE");
        assert_string_equal(error_of(hard[i]), "TimeLimitExceeded");
        await_state(soft[i], "FAILURE");
        assert_string_equal(error_of(soft[i]), "SoftTimeLimitExceeded");
    }
}

/* The longest of its messages' limits is the call's. */
static void body_none_ends_sooner_than_alone(cito_loop *in)
{
    (void)in;
    const struct cito_send_options short_limit = { .time_limit = 0.05 }, no_longer = { .time_limit = 0.1 };
    fclose(fopen(marker_path, "a")); /* it does not hang */
    cito_str first = cito_send_task(&queue, "tasks.hang", cito_array(cito_array(1)), NULL, &short_limit),
             second = send_number("tasks.hang", 2);
    await_state(first, "SUCCESS");
    await_state(second, "SUCCESS");
    unlink(marker_path);
    cito_str ids[] = { cito_send_task(&queue, "tasks.hang", cito_array(cito_array(1)), NULL, &short_limit),
                       cito_send_task(&queue, "tasks.hang", cito_array(cito_array(1)), NULL, &no_longer) };
    for (size_t i = 0; i < 2; i++) {
        await_state(ids[i], "FAILURE");
        const cito_value *result = cito_value_get(cito_result_meta(&of_five_callable, ids[i]), "result");
        assert_true(cito_value_double(cito_value_at(cito_value_get(result, "exc_message"), 0)) > 0.09);
    }
}

static void body_expired_ones_are_no_part(cito_loop *in)
{
    (void)in;
    cito_str gone = cito_apply_async(of_five, (cito_list(int, 2)), .expires = 0.02).id;
    cito_sleep(0.1);
    cito_str last = { NULL, 0 };
    for (int i = 3; i < 8; i++)
        last = send_number("tasks.of_five", i);
    await_state(gone, "REVOKED");
    await_state(last, "SUCCESS");
    assert_calls("3 4 5 6 7\n");
}

static void body_what_has_an_eta_is_gathered_then(cito_loop *in)
{
    (void)in;
    cito_str later = cito_apply_async(of_five, (cito_list(int, 1)), .countdown = 0.1).id;
    for (int i = 2; i < 6; i++)
        send_number("tasks.of_five", i);
    await_state(later, "SUCCESS");
    assert_calls("2 3 4 5 1\n");
}

static void body_a_rate_counts_calls(cito_loop *in)
{
    (void)in;
    cito_str last = { NULL, 0 };
    for (int i = 0; i < 6; i++)
        last = send_number("tasks.slowly", i);
    await_state(last, "SUCCESS");
    assert_calls("0 1\n2 3\n4 5\n");
}

static int64_t waiting(cito_loop *in)
{
    cito_broker *broker = cito_queue_broker(&queue, in);
    return broker->methods->length(broker, "elsewhere");
}

static void body_what_is_gathered_goes_back_at_a_warm_end(cito_loop *in)
{
    int status = -1;
    const struct cito_send_options there = { .queue = "elsewhere" };
    cito_str id = { NULL, 0 };
    for (int i = 0; i < 2; i++)
        id = cito_send_task(&queue, "tasks.left", cito_array(cito_array(i)), NULL, &there);
    UNTIL(waiting(in) == 0);
    kill(leaver, SIGTERM);
    waitpid(leaver, &status, 0);
    leaver = 0;
    assert_int_equal(status, 0);
    assert_int_equal(waiting(in), 2);
    assert_string_equal(STATE(id).data, "PENDING");
    assert_calls("");
}

#define BODY(NAME)                                                                                                                         \
    static void NAME(void **state)                                                                                                         \
    {                                                                                                                                      \
        (void)state;                                                                                                                       \
        unlink(calls_path);                                                                                                                \
        unlink(marker_path);                                                                                                               \
        in_coroutine(loop, body_##NAME);                                                                                                   \
    }
BODY(enough_make_a_batch)
BODY(a_batch_is_wider_than_the_window)
BODY(time_makes_a_batch)
BODY(four_mebibytes_make_a_batch)
BODY(one_that_does_not_fit_fails_alone)
BODY(a_call_speaks_as_its_first)
BODY(each_has_its_own_retries)
BODY(each_has_its_own_links)
BODY(a_lost_childs_messages_fail)
BODY(a_lost_childs_late_messages_run_again)
BODY(a_revoked_one_is_taken_out)
BODY(one_is_terminated_the_others_run_again)
BODY(time_limits_end_all)
BODY(none_ends_sooner_than_alone)
BODY(expired_ones_are_no_part)
BODY(what_has_an_eta_is_gathered_then)
BODY(a_rate_counts_calls)
BODY(what_is_gathered_goes_back_at_a_warm_end)

static pid_t start_worker(const char *queues, unsigned concurrency, const char *name)
{
    pid_t pid = fork();
    if (pid == 0) {
        const cito_task_worker_settings settings = { .concurrency = concurrency, .queues = queues, .node_name = name, .is_quiet = true };
        _exit(cito_task_worker_run(&settings));
    }
    return pid;
}

static void close_queues(cito_loop *in) { cito_queues_close(in); }

static void look(cito_loop *in)
{
    assert_int_equal(waiting(in), 0);
    cito_queues_close(in);
}

/* In a process of its own: the workers are forked before this one has a loop, and open a file that is there. */
static bool make_file(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        cito_loop *own = cito_loop_new(NULL);
        in_coroutine(own, look);
        _exit(0);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static int start(void **state)
{
    static char url[128];
    if (make_store(state))
        return -1;
    snprintf(url, sizeof url, "sqlite://%s", store_path);
    snprintf(calls_path, sizeof calls_path, "%s/calls", store_folder);
    snprintf(marker_path, sizeof marker_path, "%s/marker", store_folder);
    queue.broker_url = url;
    cito_log_threshold = CITO_LOG_OFF; /* the failures here are meant */
    if (!make_file())
        return -1;
    worker = start_worker("celery", 1, "one@test");
    leaver = start_worker("elsewhere", 1, "two@test");
    loop = cito_loop_new(NULL);
    return worker < 0 || leaver < 0;
}

static int stop(void **state)
{
    int status = -1;
    kill(worker, SIGTERM);
    waitpid(worker, &status, 0);
    if (leaver > 0)
        kill(leaver, SIGKILL);
    in_coroutine(loop, close_queues);
    cito_loop_free(loop);
    unlink(calls_path);
    unlink(marker_path);
    remove_store(state);
    return status; /* warm: 0 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_make_a_batch),
        cmocka_unit_test(a_batch_is_wider_than_the_window),
        cmocka_unit_test(time_makes_a_batch),
        cmocka_unit_test(four_mebibytes_make_a_batch),
        cmocka_unit_test(one_that_does_not_fit_fails_alone),
        cmocka_unit_test(a_call_speaks_as_its_first),
        cmocka_unit_test(each_has_its_own_retries),
        cmocka_unit_test(each_has_its_own_links),
        cmocka_unit_test(a_lost_childs_messages_fail),
        cmocka_unit_test(a_lost_childs_late_messages_run_again),
        cmocka_unit_test(a_revoked_one_is_taken_out),
        cmocka_unit_test(one_is_terminated_the_others_run_again),
        cmocka_unit_test(time_limits_end_all),
        cmocka_unit_test(none_ends_sooner_than_alone),
        cmocka_unit_test(expired_ones_are_no_part),
        cmocka_unit_test(what_has_an_eta_is_gathered_then),
        cmocka_unit_test(a_rate_counts_calls),
        cmocka_unit_test(what_is_gathered_goes_back_at_a_warm_end),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
