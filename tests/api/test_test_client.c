/* The public test client: methods, headers, replies that stay, two applications at once, what ends the process. */
#include "fixture.h"
#include <sys/wait.h>
#include <unistd.h>

CITO_APP(app);
CITO_APP(other);
CITO_APP(faulty);

CITO_MODEL(Echo, (str, text));
CITO_POST(app, "/echo")
CITO_PUT(app, "/echo")
CITO_PATCH(app, "/echo")
CITO_ASYNC_DEF(any, echo, (request, request), (Echo, body))
{
    return cito_object("method", cito_request_method(request), "text", body.text);
}
CITO_DELETE(app, "/echo")
CITO_GET(app, "/echo")
CITO_ASYNC_DEF(any, seen, (request, request), (opt(str), q), (opt(str), x_one, header))
{
    return cito_object("method", cito_request_method(request), "q", q, "one", x_one);
}
CITO_GET(other, "/other")
CITO_DEF(str, of_another) { return cito_string("other"); }
CITO_GET(faulty, "/{id}")
CITO_DEF(none, lacks_id) {}

CITO_DEF(str, text_dependency) { return cito_string(""); }
CITO_DEF(int, number_dependency) { return 1; }

static void each_method_has_its_function(void **state)
{
    (void)state;
    cito_test_client *client = cito_test_client_new(&app), *second = cito_test_client_new(&other);
    const cito_reply *first = cito_client_post_json(client, "/echo", "{\"text\":\"a\"}");
    assert_answer(cito_client_put_json(client, "/echo", "{\"text\":\"b\"}"), 200, "{\"method\":\"PUT\",\"text\":\"b\"}");
    assert_answer(cito_client_patch_json(client, "/echo", "{\"text\":\"c\"}"), 200, "{\"method\":\"PATCH\",\"text\":\"c\"}");
    assert_answer(cito_client_delete(client, "/echo"), 200, "{\"method\":\"DELETE\",\"q\":null,\"one\":null}");
    assert_answer(cito_client_get(client, "/echo?q=a b"), 200, "{\"method\":\"GET\",\"q\":\"a b\",\"one\":null}");
    assert_answer(ask(client, "GET", "/echo", "X-One", "1", NULL), 200, "{\"method\":\"GET\",\"q\":null,\"one\":\"1\"}");
    assert_answer(cito_client_get(second, "/other"), 200, "\"other\"");
    assert_answer(cito_client_get(second, "/echo"), 404, "{\"detail\":\"Not Found\"}");
    assert_answer(first, 200, "{\"method\":\"POST\",\"text\":\"a\"}"); /* stays until the client is freed */
    assert_header(first, "content-type", "application/json");
    assert_null(cito_reply_header_get(first, "x-none"));
    cito_test_client_free(second);
    cito_test_client_free(client);
    cito_test_client_free(NULL);
}

/* What a child process says before it ends with code 1. */
static void assert_ends(void (*run)(void), const char *expected)
{
    char said[1024] = "";
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    close(ends[1]);
    for (size_t len = 0; len < sizeof said - 1;) {
        ssize_t got = read(ends[0], said + len, sizeof said - 1 - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    if (!strstr(said, expected))
        fail_msg("\"%s\" does not say \"%s\"", said, expected);
}

static void make_faulty(void) { cito_test_client_new(&faulty); }
static void override_by_another_type(void) { cito_override_dependency(&app, text_dependency, number_dependency); }

static void mistakes_end_the_process_with_their_text(void **state)
{
    (void)state;
    assert_ends(make_faulty, ": GET /{id}: lacks_id has no parameter id");
    assert_ends(override_by_another_type, ": number_dependency cannot stand in for text_dependency (");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_method_has_its_function, reset),
        cmocka_unit_test_setup(mistakes_end_the_process_with_their_text, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
