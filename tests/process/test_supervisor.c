/* The supervisor with forked workers: ids, replacements, reload, stopping, hanging, giving up. Each worker does one thing that is told by its data. */
#include "base/log.h"
#include "process/supervisor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the callbacks saw. */
typedef struct events {
    int started, ready, exited, asked, unasked, last_status, last_id;
} events;

typedef struct fixture {
    cito_supervisor *supervisor;
    events events;
    void (*work)(int id, int channel);
} fixture;

/* ---- workers: each runs in a process of its own -------------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t told_to_end;
static void on_term(int number) { told_to_end = number; }

static void work_until_told(int id, int channel)
{
    (void)id;
    (void)channel;
    signal(SIGTERM, on_term);
    cito_worker_ready();
    while (!told_to_end) {
        cito_worker_beat();
        usleep(5000);
    }
}

static void hang(int id, int channel)
{
    (void)channel;
    if (id != 1) {
        work_until_told(id, channel);
        return;
    }
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* the backtrace is looked at by the system test */
    cito_worker_ready();
    for (;;)
        pause();
}

static void ignore_term(int id, int channel)
{
    (void)id;
    (void)channel;
    signal(SIGTERM, SIG_IGN);
    cito_worker_ready();
    for (;;) {
        cito_worker_beat();
        usleep(5000);
    }
}

static void fail_at_start(int id, int channel)
{
    (void)id;
    (void)channel;
    _exit(3);
}

static void echo(int id, int channel)
{
    char byte;
    cito_worker_ready();
    while (read(channel, &byte, 1) == 1) {
        byte = (char)(byte + id);
        if (write(channel, &byte, 1) != 1)
            _exit(1);
    }
}

static int run(void *data, int id, int channel)
{
    fixture *self = data;
    self->work(id, channel);
    return 0;
}

/* ---- the owner ---------------------------------------------------------------------------------------------------------------------------------------------------- */

static void on_started(void *data, const cito_worker_handle *worker)
{
    (void)worker;
    ((fixture *)data)->events.started++;
}

static void on_ready(void *data, const cito_worker_handle *worker)
{
    assert_true(worker->ready);
    ((fixture *)data)->events.ready++;
}

static void on_exited(void *data, const cito_worker_handle *worker, int status, bool was_asked)
{
    events *seen = &((fixture *)data)->events;
    seen->exited++;
    seen->asked += was_asked;
    seen->unasked += !was_asked;
    seen->last_status = status;
    seen->last_id = worker->id;
}

static void drop_line(cito_log_level level, const char *line, void *data)
{
    (void)level;
    (void)line;
    (void)data;
}

static void set_up(fixture *self, void (*work)(int, int), unsigned timeout_ms, unsigned graceful_ms, bool wants_channel)
{
    *self = (fixture){ .work = work };
    const cito_worker_kind kind = { .run = run,
                                    .data = self,
                                    .wants_channel = wants_channel,
                                    .timeout_ms = timeout_ms,
                                    .graceful_ms = graceful_ms,
                                    .started = on_started,
                                    .became_ready = on_ready,
                                    .exited = on_exited };
    cito_log_redirect(drop_line, NULL);
    self->supervisor = cito_supervisor_new(&kind);
}

/* Steps until *value reaches least; as long as it takes: the test's own limit ends what never comes. */
static void step_until(fixture *self, const int *value, int least)
{
    unsigned next_ms;
    while (assert_true(cito_supervisor_step(self->supervisor, &next_ms)), *value < least)
        poll(NULL, 0, next_ms < 5 ? (int)next_ms : 5);
}

static void tear_down(fixture *self)
{
    unsigned next_ms;
    cito_supervisor_stop(self->supervisor, false);
    while (cito_supervisor_step(self->supervisor, &next_ms), !cito_supervisor_is_empty(self->supervisor))
        poll(NULL, 0, next_ms < 5 ? (int)next_ms : 5);
    cito_supervisor_free(self->supervisor);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
    assert_int_equal(errno, ECHILD);
    cito_log_redirect(NULL, NULL);
}

static cito_worker_handle find(fixture *self, int id)
{
    unsigned count;
    const cito_worker_handle *workers = cito_supervisor_workers(self->supervisor, &count);
    for (unsigned i = 0; i < count; i++)
        if (workers[i].id == id && !workers[i].ending)
            return workers[i];
    fail_msg("there is no worker %d", id);
    return (cito_worker_handle){ 0 };
}

/* ---- tests -------------------------------------------------------------------------------------------------------------------------------------------------------- */

static void test_a_killed_worker_is_replaced_under_its_id(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, work_until_told, 0, 5000, false);
    cito_supervisor_set_count(self.supervisor, 3);
    step_until(&self, &self.events.ready, 3);
    pid_t before = find(&self, 2).pid;
    cito_supervisor_kill(self.supervisor, before, SIGKILL);
    step_until(&self, &self.events.ready, 4);
    assert_int_equal(self.events.exited, 1);
    assert_int_equal(self.events.unasked, 1);
    assert_int_equal(self.events.last_id, 2);
    assert_int_equal(WTERMSIG(self.events.last_status), SIGKILL);
    assert_int_not_equal(find(&self, 2).pid, before);
    tear_down(&self);
    assert_int_equal(self.events.asked, 3);
}

static void test_count_grows_and_shrinks(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, work_until_told, 0, 5000, false);
    cito_supervisor_set_count(self.supervisor, 1);
    step_until(&self, &self.events.ready, 1);
    cito_supervisor_set_count(self.supervisor, 3);
    step_until(&self, &self.events.ready, 3);
    pid_t first = find(&self, 1).pid;
    cito_supervisor_set_count(self.supervisor, 1);
    step_until(&self, &self.events.exited, 2);
    assert_int_equal(self.events.asked, 2);
    assert_int_equal(find(&self, 1).pid, first);
    tear_down(&self);
}

static void test_reload_ends_the_old_when_the_new_are_ready(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, work_until_told, 0, 5000, false);
    cito_supervisor_set_count(self.supervisor, 2);
    step_until(&self, &self.events.ready, 2);
    pid_t before = find(&self, 1).pid;
    cito_supervisor_reload(self.supervisor);
    step_until(&self, &self.events.exited, 2);
    assert_int_equal(self.events.ready, 4); /* both new ones were ready before both old ones had ended */
    assert_int_equal(self.events.asked, 2);
    assert_int_not_equal(find(&self, 1).pid, before);
    tear_down(&self);
}

static void test_a_reload_that_cannot_start_keeps_the_old(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, work_until_told, 0, 5000, false);
    cito_supervisor_set_count(self.supervisor, 1);
    step_until(&self, &self.events.ready, 1);
    pid_t before = find(&self, 1).pid;
    self.work = fail_at_start; /* the fork takes what is there now */
    cito_supervisor_reload(self.supervisor);
    step_until(&self, &self.events.exited, 3);
    unsigned next_ms, count;
    assert_true(cito_supervisor_step(self.supervisor, &next_ms));
    cito_supervisor_workers(self.supervisor, &count);
    assert_int_equal(count, 1);
    assert_int_equal(find(&self, 1).pid, before);
    tear_down(&self);
    assert_int_equal(self.events.asked, 1);
}

static void test_a_silent_worker_is_ended_and_replaced(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, hang, 200, 5000, false);
    cito_supervisor_set_count(self.supervisor, 2);
    step_until(&self, &self.events.exited, 1);
    assert_int_equal(self.events.last_id, 1);
    assert_int_equal(WTERMSIG(self.events.last_status), SIGABRT);
    assert_int_equal(self.events.unasked, 1);
    step_until(&self, &self.events.ready, 3);
    tear_down(&self);
}

static void test_a_stopped_worker_is_ended_and_replaced(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, work_until_told, 200, 5000, false);
    cito_supervisor_set_count(self.supervisor, 1);
    step_until(&self, &self.events.ready, 1);
    pid_t before = find(&self, 1).pid;
    cito_supervisor_kill(self.supervisor, before, SIGSTOP);
    step_until(&self, &self.events.ready, 2);
    assert_int_equal(self.events.exited, 1);
    assert_int_not_equal(find(&self, 1).pid, before);
    tear_down(&self);
}

static void test_who_overstays_is_killed(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, ignore_term, 0, 50, false);
    cito_supervisor_set_count(self.supervisor, 1);
    step_until(&self, &self.events.ready, 1);
    tear_down(&self);
    assert_int_equal(WTERMSIG(self.events.last_status), SIGKILL);
    assert_int_equal(self.events.asked, 1);
}

static void test_it_gives_up_when_none_can_start(void **state)
{
    (void)state;
    fixture self;
    unsigned next_ms;
    set_up(&self, fail_at_start, 0, 5000, false);
    cito_supervisor_set_count(self.supervisor, 3);
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    while (cito_supervisor_step(self.supervisor, &next_ms))
        poll(NULL, 0, next_ms < 5 ? (int)next_ms : 5);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    assert_true(self.events.exited >= 3);
    assert_int_equal(self.events.ready, 0);
    tear_down(&self);
}

static void test_each_worker_has_its_channel(void **state)
{
    (void)state;
    fixture self;
    set_up(&self, echo, 0, 5000, true);
    cito_supervisor_set_count(self.supervisor, 2);
    step_until(&self, &self.events.ready, 2);
    for (int id = 1; id <= 2; id++) {
        char byte = 'a';
        int channel = find(&self, id).channel;
        assert_int_equal(write(channel, &byte, 1), 1);
        assert_int_equal(read(channel, &byte, 1), 1);
        assert_int_equal(byte, 'a' + id);
    }
    tear_down(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_killed_worker_is_replaced_under_its_id),
        cmocka_unit_test(test_count_grows_and_shrinks),
        cmocka_unit_test(test_reload_ends_the_old_when_the_new_are_ready),
        cmocka_unit_test(test_a_reload_that_cannot_start_keeps_the_old),
        cmocka_unit_test(test_a_silent_worker_is_ended_and_replaced),
        cmocka_unit_test(test_a_stopped_worker_is_ended_and_replaced),
        cmocka_unit_test(test_who_overstays_is_killed),
        cmocka_unit_test(test_it_gives_up_when_none_can_start),
        cmocka_unit_test(test_each_worker_has_its_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
