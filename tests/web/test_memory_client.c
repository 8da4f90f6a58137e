/* The memory client, with applications made here that know nothing of src/web's router: what it sends, what it keeps, how often it runs the lifespan. */
#include "fixture.h"

typedef struct probe {
    cito_application application;
    int startups, shutdowns;
    bool fails;
    void (*answer)(cito_exchange *);
} probe;

static void probe_handle(cito_application *application, cito_exchange *exchange) { ((probe *)(void *)application)->answer(exchange); }
static bool probe_startup(cito_application *application, cito_loop *loop)
{
    assert_non_null(loop);
    cito_sleep(0.001);
    ((probe *)(void *)application)->startups++;
    return !((probe *)(void *)application)->fails;
}
static void probe_shutdown(cito_application *application, cito_loop *loop)
{
    assert_non_null(loop);
    cito_sleep(0.001);
    ((probe *)(void *)application)->shutdowns++;
}
static probe probe_of(void (*answer)(cito_exchange *))
{
    return (probe){ .application = { probe_handle, probe_startup, probe_shutdown, NULL }, .answer = answer };
}

/* Everything of the scope, as text. */
static void answer_scope(cito_exchange *exchange)
{
    const cito_scope_http *scope = &exchange->scope;
    cito_buffer text;
    cito_buffer_init(&text);
    cito_buffer_append_format(&text, "%s|%s|%s|%s|%s|%s|%s", scope->method.data, scope->target.data, scope->path.data, scope->raw_path.data,
                              scope->query_string.data, scope->scheme.data, scope->host.data);
    for (size_t i = 0; i < scope->header_count; i++)
        cito_buffer_append_format(&text, "|%s=%s", scope->headers[i].name.data, scope->headers[i].value.data);
    exchange->methods->respond(exchange, 200, NULL, 0, (cito_str){ text.data, text.len });
    cito_buffer_finish(&text);
    exchange->methods->finish(exchange);
}

static void urls_become_scopes(void **state)
{
    (void)state;
    static const char *const own[][2] = { { "X-A", "1" }, { "User-Agent", "me" }, { NULL, NULL } };
    static const struct {
        const char *url, *expected;
        bool with_headers;
    } cases[] = {
        { "/a", "GET|/a|/a|/a||http|testserver|host=testserver|accept=*/*|connection=keep-alive|user-agent=testclient", false },
        { "/a?b=c?d", "GET|/a?b=c?d|/a|/a|b=c?d|http|testserver|x-a=1|user-agent=me|host=testserver|accept=*/*|connection=keep-alive",
          true },
        { "https://h:1?q", "GET|/?q|/|/|q|https|h:1|host=h:1|accept=*/*|connection=keep-alive|user-agent=testclient", false },
        { "http://h", "GET|/|/|/||http|h|host=h|accept=*/*|connection=keep-alive|user-agent=testclient", false },
        { "/é x%2Fy#z",
          "GET|/%C3%A9%20x%2Fy|/é "
          "x/y|/%C3%A9%20x%2Fy||http|testserver|host=testserver|accept=*/*|connection=keep-alive|user-agent=testclient",
          false },
    };
    probe app = probe_of(answer_scope);
    cito_memory_client *client = cito_memory_client_new(&app.application, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_text(cito_memory_client_request(client, "GET", cases[i].url, cases[i].with_headers ? own : NULL, NO_BODY)->body,
                    cases[i].expected);
    const cito_reply *reply = cito_memory_client_request(client, "POST", "/", NULL, CITO_STR("12345"));
    assert_non_null(strstr(reply->body.data, "|content-length=5"));
    cito_memory_client_free(client);
}

static void answer_in_pieces(cito_exchange *exchange)
{
    static const cito_header headers[] = { { { "X-A", 3 }, { "1", 1 } } };
    exchange->methods->start(exchange, 206, headers, 1);
    assert_true(exchange->methods->write(exchange, CITO_STR("ab")));
    assert_true(exchange->methods->write(exchange, CITO_STR("cd")));
    assert_false(exchange->methods->is_disconnected(exchange));
    exchange->methods->end(exchange);
    exchange->methods->finish(exchange);
}

static void pieces_become_one_body(void **state)
{
    (void)state;
    probe app = probe_of(answer_in_pieces);
    cito_memory_client *client = cito_memory_client_new(&app.application, NULL);
    const cito_reply *reply = ask(client, "GET", "/");
    assert_int_equal(reply->status_code, 206);
    assert_text(reply->body, "abcd");
    assert_int_equal(reply->header_count, 1);
    assert_header(reply, "x-a", "1");
    assert_int_equal(ask(client, "HEAD", "/")->body.len, 0);
    assert_text(reply->body, "abcd"); /* replies outlive the next request */
    cito_memory_client_free(client);
}

static void answer_nothing(cito_exchange *exchange) { exchange->methods->finish(exchange); }

static void no_answer_is_status_0(void **state)
{
    (void)state;
    probe app = probe_of(answer_nothing);
    cito_memory_client *client = cito_memory_client_new(&app.application, NULL);
    const cito_reply *reply = ask(client, "GET", "/");
    assert_int_equal(reply->status_code, 0);
    assert_int_equal(reply->header_count, 0);
    assert_int_equal(reply->body.len, 0);
    cito_memory_client_free(client);
}

static void sleep_a_little(void *data)
{
    cito_sleep(0.001);
    *(bool *)data = true;
}

/* What waits raises when the client has gone; then the exchange says the same. */
static void wait_and_read(void *data)
{
    cito_exchange *exchange = data;
    cito_str body;
    bool slept = false;
    cito_context_protect(cito_context_current, NULL, sleep_a_little, &slept);
    if (exchange->methods->read_body(exchange, &body) == CITO_RECEIVE_OK) {
        assert_true(slept);
        assert_int_equal(body.data[body.len], '\0');
        exchange->methods->respond(exchange, 200, NULL, 0, body);
    } else {
        assert_false(slept);
        assert_true(exchange->methods->is_disconnected(exchange));
        assert_false(exchange->methods->write(exchange, CITO_STR("x")));
        exchange->methods->respond(exchange, 200, NULL, 0, CITO_STR("nobody sees this"));
        note("nobody is there");
    }
    cito_lifetime_clean_up(exchange->lifetime);
    exchange->methods->finish(exchange);
}
static void answer_later(cito_exchange *exchange) { cito_coroutine_spawn(exchange->loop, exchange->lifetime, wait_and_read, exchange); }

static void a_client_may_leave(void **state)
{
    (void)state;
    probe app = probe_of(answer_later);
    cito_memory_client *client = cito_memory_client_new(&app.application, NULL);
    cito_memory_client_abandon(client, "POST", "/", NULL, CITO_STR("body"));
    assert_string_equal(trace, "nobody is there");
    app.answer = answer_nothing; /* finished before it could leave */
    cito_memory_client_abandon(client, "GET", "/", NULL, NO_BODY);
    cito_memory_client_free(client);
}

static void the_loop_runs_until_all_are_finished(void **state)
{
    (void)state;
    probe app = probe_of(answer_later);
    cito_memory_client *client = cito_memory_client_new(&app.application, NULL);
    assert_text(cito_memory_client_request(client, "POST", "/", NULL, CITO_STR("body"))->body, "body");
    const cito_reply *replies[20];
    cito_memory_client_request_together(client, "GET", "/", 20, replies);
    for (int i = 0; i < 20; i++)
        assert_int_equal(replies[i]->status_code, 200);
    cito_memory_client_free(client);
}

static void the_lifespan_runs_once(void **state)
{
    (void)state;
    probe app = probe_of(answer_nothing);
    cito_memory_client *client = cito_memory_client_new(&app.application, NULL);
    assert_non_null(cito_memory_client_loop(client));
    ask(client, "GET", "/");
    ask(client, "GET", "/");
    assert_int_equal(app.startups, 1);
    assert_int_equal(app.shutdowns, 0);
    cito_memory_client_free(client);
    assert_int_equal(app.shutdowns, 1);
    app.fails = true;
    assert_null(cito_memory_client_new(&app.application, NULL));
    assert_int_equal(app.startups, 2);
    assert_int_equal(app.shutdowns, 1);
    cito_memory_client_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(urls_become_scopes, reset),
        cmocka_unit_test_setup(pieces_become_one_body, reset),
        cmocka_unit_test_setup(no_answer_is_status_0, reset),
        cmocka_unit_test_setup(a_client_may_leave, reset),
        cmocka_unit_test_setup(the_loop_runs_until_all_are_finished, reset),
        cmocka_unit_test_setup(the_lifespan_runs_once, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
