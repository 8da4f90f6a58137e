/* The registry: the order of declaration, which function a decorator belongs to, overrides. */
#include "api/registry.h"
#include "fixture.h"

CITO_APP(app);
CITO_APP(other);
CITO_ROUTER(router);

CITO_CACHED
CITO_DEF(int, kept) { return 1; }
CITO_DEF(int, helper, (depends(kept), n)) { return n; }
CITO_GET(app, "/a")
CITO_POST(router, "/b")
CITO_DEF(int, first, (depends(helper), n)) { return n; }
CITO_INCLUDE_ROUTER(app, router, "/one")
CITO_GET(app, "/c")
CITO_DEF(int, second) { return 2; }
CITO_DEF(int, fake) { return 3; }

static const cito_decorator *decorator_of(const char *path)
{
    const cito_decorator *at = cito_registry_decorators();
    while (at && (!at->path || strcmp(at->path, path) != 0))
        at = at->next;
    assert_non_null(at);
    return at;
}

static void decorators_find_the_function_behind_them(void **state)
{
    (void)state;
    assert_ptr_equal(cito_registry_decorated(decorator_of("/a")), &first_callable);
    assert_ptr_equal(cito_registry_decorated(decorator_of("/b")), &first_callable);
    assert_ptr_equal(cito_registry_decorated(decorator_of("/c")), &second_callable);
    assert_true(cito_registry_is_cached(&kept_callable));
    assert_false(cito_registry_is_cached(&helper_callable));
    cito_decorator last = { .unit = cito_unit_, .order = 1000000 };
    assert_null(cito_registry_decorated(&last));
}

static void lists_keep_the_order_of_declaration(void **state)
{
    (void)state;
    static const cito_callable *const expected[] = { &kept_callable, &helper_callable, &first_callable, &second_callable, &fake_callable };
    size_t i = 0;
    for (const cito_callable_node *node = cito_registry_callables(); node; node = node->next)
        assert_ptr_equal(node->callable, expected[i++]);
    assert_int_equal(i, 5);
    const cito_inclusion *inclusion = cito_registry_inclusions();
    assert_ptr_equal(inclusion->router, &router);
    assert_null(inclusion->next);
    assert_true(decorator_of("/b")->sequence < inclusion->sequence && inclusion->sequence < decorator_of("/c")->sequence);
}

static void an_override_is_one_applications(void **state)
{
    (void)state;
    unsigned version = cito_override_version();
    assert_ptr_equal(cito_override_of(&app, &second_callable), &second_callable);
    cito_override_dependency(&app, second, fake);
    assert_ptr_equal(cito_override_of(&app, &second_callable), &fake_callable);
    assert_ptr_equal(cito_override_of(&other, &second_callable), &second_callable);
    cito_override_dependency(&app, second, first);
    assert_ptr_equal(cito_override_of(&app, &second_callable), &first_callable);
    cito_override_end(&app, second);
    assert_ptr_equal(cito_override_of(&app, &second_callable), &second_callable);
    assert_int_equal(cito_override_version(), version + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(decorators_find_the_function_behind_them, reset),
        cmocka_unit_test_setup(lists_keep_the_order_of_declaration, reset),
        cmocka_unit_test_setup(an_override_is_one_applications, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
