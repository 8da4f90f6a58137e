/* Plans and preparing: flattened offsets and bits, key tables, defaults, configuration of equal descriptors, and declarations that are refused. */
#include "schema/decode.h"
#include "schema/plan.h"
#include <cito/model.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

CITO_MODEL(Inner, (int, a), (int, b, alias("bee")));
CITO_MODEL(Middle, (Inner, inner, flatten), (str, c));
CITO_MODEL(Outer, (int, first), (Middle, middle, flatten), (opt(str), last));
CITO_MODEL_CONFIG(Inner, .extra = CITO_EXTRA_FORBID);
CITO_ENUM(Quoted, (one, "it's"), (two, "x\"y"), three);
CITO_MODEL(Empty, (opt(int), nothing));
CITO_MODEL(BadDefault, (str, name, default(5)));
CITO_MODEL(BadJson, (str, name, default(nonsense)));
CITO_MODEL(BadOption, (str, name, ge(1)));
CITO_MODEL(BadPattern, (str, name, pattern("(")));
CITO_MODEL(BadPatternType, (int, number, pattern("a")));
CITO_MODEL(BadBound, (int, number, gt(0.5)));
CITO_MODEL(BadLength, (double, number, max_length(3)));
CITO_MODEL(BadFlatten, (int, number, flatten));
CITO_MODEL(SameKey, (Inner, inner, flatten), (int, bee));
CITO_MODEL(BadSet, (set(Inner), items));
CITO_MODEL(Deep, (list(BadOption), items));
CITO_UNION(BadUnion, "kind", (a, Inner), (b, int));
CITO_ANNOTATED(BadWord, bool, min_length(1));

static void test_flattened(void **state)
{
    (void)state;
    const struct cito_type_plan *plan = cito_plan_of(cito_t_Outer);
    static const char *const keys[] = { "first", "a", "bee", "c", "last" };
    assert_int_equal(plan->field_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_string_equal(plan->fields[i].key.data, keys[i]);
        assert_int_equal(cito_plan_find(plan, plan->fields[i].key), i);
    }
    assert_int_equal(cito_plan_find(plan, CITO_STR("b")), -1);
    assert_int_equal(cito_plan_find(plan, CITO_STR("")), -1);
    const cito_plan_field *bee = &plan->fields[2];
    assert_int_equal(bee->offset, offsetof(Outer, middle.inner.b));
    assert_string_equal(bee->key_text.data, "\"bee\":");
    assert_int_equal(bee->bit_count, 3);
    assert_int_equal(bee->bits[0].offset, offsetof(Outer, middle.inner.fields_set));
    assert_int_equal(bee->bits[0].mask, 2);
    assert_int_equal(bee->bits[1].offset, offsetof(Outer, middle.fields_set));
    assert_int_equal(bee->bits[1].mask, 1);
    assert_int_equal(bee->bits[2].offset, offsetof(Outer, fields_set));
    assert_int_equal(bee->bits[2].mask, 2);
    assert_int_equal(plan->set_count, 3);
    assert_int_equal(plan->required_count, 4);
    /* As an inherited configuration is. */
    assert_int_equal(plan->extra, CITO_EXTRA_FORBID);
    assert_int_equal(cito_plan_of(cito_t_Empty)->extra, CITO_EXTRA_IGNORE);
}

static void test_enum(void **state)
{
    (void)state;
    const struct cito_type_plan *plan = cito_plan_of(cito_t_Quoted);
    assert_string_equal(plan->expected.data, "\"it's\", 'x\"y' or 'three'");
    assert_string_equal(plan->member_texts[1].data, "\"x\\\"y\"");
}

/* A copy of a descriptor, as another file has it, is the same model. */
static void test_equal_descriptors(void **state)
{
    (void)state;
    cito_field fields[2] = { Inner_fields[0], Inner_fields[1] };
    static struct cito_type_plan *copy_plan;
    cito_type copy = cito_t_Inner[0];
    copy.fields = fields;
    copy.plan = &copy_plan;
    copy.file = "other.c";
    assert_true(cito_type_equal(&copy, cito_t_Inner));
    assert_non_null(cito_model_config_of(&copy));
    fields[1].alias = "sea";
    assert_false(cito_type_equal(&copy, cito_t_Inner));
    assert_false(cito_type_equal(cito_t_Inner, cito_t_Middle));
    assert_true(cito_type_equal(cito_t_list(Inner), cito_t_list(Inner)));
    assert_false(cito_type_equal(cito_t_list(Inner), cito_t_set(Inner)));
}

static void test_option_json(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    static const char expanded[] = "{\"a\": [((_Bool) + 1u), ((_Bool) + 0u), \"true \\\"((_Bool) + 1u)\"]}";
    assert_string_equal(cito_option_json(expanded, &arena).data, "{\"a\": [true, false, \"true \\\"((_Bool) + 1u)\"]}");
    cito_arena_finish(&arena);
}

static void expect_refused(const cito_type *type, const char *part)
{
    cito_arena texts;
    cito_arena_init(&texts, 0);
    const char *problem = cito_type_prepare(type, NULL, &texts);
    assert_non_null(problem);
    if (!strstr(problem, part) || !strstr(problem, "test_plan.c:"))
        fail_msg("\"%s\" does not say \"%s\" and where", problem, part);
    cito_arena_finish(&texts);
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused(cito_t_BadDefault, "BadDefault.name: default(5) does not fit its type: Input should be a valid string");
    expect_refused(cito_t_BadJson, "BadJson.name: default(nonsense) is no JSON");
    expect_refused(cito_t_BadOption, "BadOption.name: ge() is for int, int64, double and decimal, not for str");
    expect_refused(cito_t_BadPattern, "BadPattern.name: pattern(\"(\") is no regular expression");
    expect_refused(cito_t_BadPatternType, "BadPatternType.number: pattern() is for text, not for int");
    expect_refused(cito_t_BadBound, "BadBound.number: gt(0.5) of an integer must be a whole number");
    expect_refused(cito_t_BadLength, "BadLength.number: min_length and max_length are for text and lists, not for double");
    expect_refused(cito_t_BadFlatten, "BadFlatten.number: flatten is for a model");
    expect_refused(cito_t_SameKey, "SameKey: two fields are called \"bee\" in JSON");
    expect_refused(cito_t_BadSet, "BadSet.items: a set's items are compared, and Inner cannot be");
    expect_refused(cito_t_Deep, "BadOption.name: ge()");
    expect_refused(cito_t_BadUnion, "BadUnion.b: a union with a discriminator has models only");
    expect_refused(cito_t_BadWord, "min_length and max_length are for text and lists, not for bool");
}

static void test_accepted(void **state)
{
    (void)state;
    cito_arena texts;
    cito_arena_init(&texts, 0);
    assert_null(cito_type_prepare(cito_t_Outer, NULL, &texts));
    assert_null(cito_type_prepare(cito_t_list(Outer), NULL, &texts));
    assert_null(cito_type_prepare(cito_t_Quoted, NULL, &texts));
    cito_field field = { .name = "limit", .type = cito_t_str, .has_ge = true };
    const char *problem = cito_type_prepare(field.type, &field, &texts);
    assert_true(problem && strncmp(problem, "limit: ge()", 11) == 0);
    cito_arena_finish(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_flattened),         cmocka_unit_test(test_enum),
                                        cmocka_unit_test(test_equal_descriptors), cmocka_unit_test(test_option_json),
                                        cmocka_unit_test(test_refused),           cmocka_unit_test(test_accepted) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
