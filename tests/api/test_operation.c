/* Operations as they are planned at start: what is refused, with what it says; what is only noticed. Several applications, one for each mistake. */
#include "fixture.h"

CITO_MODEL(Item, (str, name), (double, price));
CITO_OPAQUE(Database, int *);

CITO_APP(names);
CITO_GET(names, "/a/{id}/{kind:path}")
CITO_DEF(none, lacks_both, (str, q)) {}

CITO_APP(circle);
typedef int session_result; /* so that user can name what is declared behind it */
extern const cito_callable session_callable;
CITO_DECLARE(int, user, (depends(session), session_id));
CITO_DECLARE(int, session, (depends(user), user_id));
CITO_EXTERN_ASYNC_DEF(int, session, (depends(user), user_id)) { return user_id; }
CITO_EXTERN_ASYNC_DEF(int, user, (depends(session), session_id)) { return session_id; }
CITO_GET(circle, "/")
CITO_ASYNC_DEF(int, in_a_circle, (depends(session), session_id)) { return session_id; }

CITO_APP(paths);
CITO_GET(paths, "/p/{optional}/{list}")
CITO_DEF(none, bad_paths, (opt(str), optional), (list(int), list, path), (int, other, path)) {}

CITO_APP(texts);
CITO_GET(texts, "/t")
CITO_DEF(none, bad_texts, (dict(int), numbers, query), (list(Item), items, header), (file, upload, query)) {}

CITO_APP(bodies);
CITO_POST(bodies, "/b")
CITO_DEF(none, both_bodies, (Item, item), (str, name, form)) {}

CITO_APP(opaque);
CITO_GET(opaque, "/o")
CITO_DEF(none, takes_database, (Database, database)) {}

CITO_APP(cached);
CITO_DEF(int, of_query, (int, n)) { return n; }
CITO_CACHED
CITO_DEF(int, kept, (depends(of_query), n)) { return n; }
CITO_GET(cached, "/c")
CITO_DEF(none, uses_kept, (depends(kept), n)) {}

CITO_APP(classes);
CITO_GET(classes, "/h", .response_class = cito_class_html)
CITO_DEF(Item, no_text) { return (Item){ 0 }; }

CITO_APP(models);
CITO_MODEL(Wrong, (int, number, default("x")));
CITO_GET(models, "/m", .responses = { { 404, .model = CITO_T(Wrong) } })
CITO_DEF(none, wrong_model) {}

CITO_APP(lists);
CITO_GET(lists, "/get")
CITO_DEF(any, list_in_a_get, (list(str), tags, default([]))) { return cito_value(tags); }
CITO_POST(lists, "/two")
CITO_DEF(none, list_beside_a_model, (Item, item), (opt(set(int)), ids)) {}
CITO_POST(lists, "/one")
CITO_DEF(any, list_alone, (list(int), ids)) { return cito_value(ids); }
CITO_POST(lists, "/said")
CITO_DEF(none, list_said, (Item, item), (list(int), ids, body), (list(int), more, query)) {}
CITO_POST(lists, "/models")
CITO_DEF(none, list_of_models, (Item, item), (list(Item), items)) {}

CITO_APP(good);
CITO_ASYNC_DEF(int, first) { return 1; }
CITO_ASYNC_DEF(int, second, (depends(first), first)) { return first + 1; }
CITO_GET(good, "/g/{id}")
CITO_ASYNC_DEF(int, diamond, (depends(second), b), (depends(first), a), (int, id)) { return 100 * a + 10 * b + id; }

static void names_of_the_path_have_parameters(void **state)
{
    (void)state;
    assert_mistakes(&names, "GET /a/{id}/{kind:path}: lacks_both has no parameter id: add (str, id), or take {id} out of the path\n"
                            "GET /a/{id}/{kind:path}: lacks_both has no parameter kind: add (str, kind), or take {kind} out of the path\n");
}

static void a_circle_is_told_by_its_names(void **state)
{
    (void)state;
    assert_mistakes(&circle, "GET /: dependencies go in a circle: session -> user -> session; take one depends(…) out\n");
}

static void a_path_carries_one_value_each(void **state)
{
    (void)state;
    assert_mistakes(
        &paths,
        "GET /p/{optional}/{list}: path parameter optional of bad_paths cannot be optional or have a default: a path without it is another "
        "path\n"
        "GET /p/{optional}/{list}: parameter list of bad_paths comes as text, which cannot say its type: let it come from the `body`\n"
        "GET /p/{optional}/{list}: parameter other of bad_paths is said to be in the path, which has no {other}: add it, or take `path` "
        "away\n");
}

static void texts_cannot_say_everything(void **state)
{
    (void)state;
    assert_mistakes(&texts, "GET /t: parameter numbers of bad_texts comes as text, which cannot say its type: let it come from the `body`\n"
                            "GET /t: parameter items of bad_texts comes as text, which cannot say its type: let it come from the `body`\n"
                            "GET /t: parameter upload of bad_texts is a file: only a form carries one\n");
}

static void a_request_has_one_body(void **state)
{
    (void)state;
    assert_mistakes(
        &bodies,
        "POST /b: a request has one body: it cannot be a form and JSON at once; give the model `form` too, or the fields `body`\n");
}

static void no_request_carries_an_opaque_value(void **state)
{
    (void)state;
    assert_mistakes(&opaque,
                    "parameter database of takes_database is a Database, which no request carries: write (depends(…), database)\n");
}

static void what_is_made_once_takes_nothing_of_a_request(void **state)
{
    (void)state;
    assert_mistakes(
        &cached,
        "GET /c: of_query runs once per process (what is CITO_CACHED depends on it), so its parameter n cannot come from a request: take "
        "CITO_CACHED or the parameter away\n");
}

static void a_class_of_text_needs_text(void **state)
{
    (void)state;
    assert_mistakes(&classes, "GET /h: HTMLResponse writes text, which no_text does not give back: let it return str, or response\n");
}

static void models_of_other_answers_are_looked_at_too(void **state)
{
    (void)state;
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    assert_null(cito_api_new(&models, &mistakes));
    cito_buffer_append_char(&mistakes, '\0');
    assert_non_null(strstr(mistakes.data, "number"));
    assert_non_null(strstr(mistakes.data, "default(\"x\")"));
    cito_buffer_finish(&mistakes);
}

static void a_list_that_became_a_body_is_noticed(void **state)
{
    (void)state;
    cito_test_client *client = cito_test_client_new(&lists);
    assert_non_null(strstr(
        logged,
        ": GET /get: the list tags of list_in_a_get was taken for the body, as nothing is said: write (list(str), tags, query) where "
        "?tags=1&tags=2 is meant, or `body` behind it to keep it so\n"));
    assert_non_null(strstr(logged, ": POST /two: the list ids of list_beside_a_model was taken for a member of the body"));
    assert_non_null(strstr(logged, "write (opt(set(int)), ids, query)"));
    assert_non_null(strstr(logged, "test_operation.c:"));
    assert_null(strstr(logged, "list_alone"));
    assert_null(strstr(logged, "list_said"));
    assert_null(strstr(logged, "list_of_models"));
    assert_answer(ask(client, "GET", "/get", JSON, "[\"a\"]"), 200, "[\"a\"]");
    cito_test_client_free(client);
}

static void a_plan_runs(void **state)
{
    (void)state;
    cito_test_client *client = cito_test_client_new(&good);
    assert_answer(cito_client_get(client, "/g/5"), 200, "125");
    assert_string_equal(logged, "");
    cito_test_client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(names_of_the_path_have_parameters, reset),
        cmocka_unit_test_setup(a_circle_is_told_by_its_names, reset),
        cmocka_unit_test_setup(a_path_carries_one_value_each, reset),
        cmocka_unit_test_setup(texts_cannot_say_everything, reset),
        cmocka_unit_test_setup(a_request_has_one_body, reset),
        cmocka_unit_test_setup(no_request_carries_an_opaque_value, reset),
        cmocka_unit_test_setup(what_is_made_once_takes_nothing_of_a_request, reset),
        cmocka_unit_test_setup(a_class_of_text_needs_text, reset),
        cmocka_unit_test_setup(models_of_other_answers_are_looked_at_too, reset),
        cmocka_unit_test_setup(a_list_that_became_a_body_is_noticed, reset),
        cmocka_unit_test_setup(a_plan_runs, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
