/* Tests of models made, changed, kept and read in C. */
#include "schema/model.h"
#include "base/arena.h"
#include "loop/context.h"
#include "schema/encode.h"
#include <cito/model.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

CITO_ENUM(Size, small, (extra_large, "extra large"));
CITO_MODEL(Image, (str, url), (opt(str), name));
CITO_MODEL(Item,
    (str, name),
    (opt(str), description),
    (double, price),
    (int, count, default(3)),
    (list(str), tags, default(["a", "b"])),
    (list(Image), images, default([])),
    (dict(Image), by_name, default({})),
    (any, more, default(null)));
CITO_MODEL(Base, (str, first), (int, second, default(2)));
CITO_MODEL(Derived, (int64, id), (Base, base, flatten), (bool, last, default(true)));
CITO_MODEL(ItemUpdate, (opt(str), name), (opt(double), price), (opt(str), count));
CITO_MODEL(Wide, (int64, id), (str, first), (str, second, default("2")), (opt(bool), last));
CITO_UNION(Either, NULL, (text, str), (image, Image));
CITO_MODEL(Holder, (Either, either));

static cito_arena arena;
static cito_deferred *deferred;
static cito_context context = { .arena = &arena, .deferred = &deferred };

#define BIT(N) ((uint64_t)1 << (N))

static const char *text_of(const cito_type *type, const void *value) { return cito_json_text(cito_encode_value(type, value), 0).data; }

static void test_new(void **state)
{
    int calls = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        Item item = cito_new(Item, .name = cito_string("a, .price = 9"), .price = (calls++, 2.5));
        assert_int_equal(item.fields_set, BIT(0) | BIT(2));
        assert_int_equal(item.count, 3);
        assert_int_equal(item.tags.count, 2);
        assert_string_equal(item.tags.items[1].data, "b");
        assert_null(item.description);
        assert_true(item.price == 2.5);
    }
    assert_int_equal(calls, 3);
    Item plain = cito_new(Item, CITO_STR("n"), .price = 1, 7, .tags = { 0 });
    assert_int_equal(plain.fields_set, BIT(0) | BIT(2) | BIT(3) | BIT(4));
    assert_int_equal(plain.count, 7);
    assert_int_equal(plain.tags.count, 0);
    Item zero = cito_new(Item, .count = 0, .name = CITO_STR("',{(\""));
    assert_int_equal(zero.count, 0);
    assert_int_equal(zero.fields_set, BIT(0) | BIT(3));
    Item none = cito_new(Item);
    assert_int_equal(none.fields_set, 0);
    assert_int_equal(none.count, 3);
}

static void test_new_flattened(void **state)
{
    (void)state;
    Derived whole = cito_new(Derived, .base = { .first = CITO_STR("f"), .second = 0 });
    assert_int_equal(whole.base.second, 0);
    assert_true(whole.last);
    Derived parts = cito_new(Derived, .id = 1, .base.first = CITO_STR("f"));
    assert_int_equal(parts.fields_set, BIT(0) | BIT(1));
    assert_int_equal(parts.base.fields_set, BIT(0));
    assert_int_equal(parts.base.second, 2);
    Derived bare = cito_new(Derived, .id = 1);
    assert_int_equal(bare.base.second, 2);
}

static void *make_many(void *data)
{
    size_t *wrong = data;
    for (int i = 0; i < 200; i++) {
        /* One expression in one place: all threads share its cached mask. */
        Item item = cito_new(Item, .price = i, .name = CITO_STR("x"));
        *wrong += item.fields_set != (BIT(0) | BIT(2)) || item.count != 3;
    }
    return NULL;
}

static void test_new_at_once(void **state)
{
    enum { THREADS = 40 };
    pthread_t threads[THREADS];
    size_t wrong[THREADS] = { 0 };
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, &wrong[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

static void test_is_set(void **state)
{
    Derived model = cito_new(Derived, .id = 0, .base.first = CITO_STR("f"));
    (void)state;
    assert_true(cito_model_is_set(cito_t_Derived, &model, "id"));
    assert_true(cito_model_is_set(cito_t_Derived, &model, "first"));
    assert_true(cito_model_is_set(cito_t_Derived, &model, "base"));
    assert_false(cito_model_is_set(cito_t_Derived, &model, "second"));
    assert_false(cito_model_is_set(cito_t_Derived, &model, "last"));
    model.last = false; /* assigned */
    assert_true(cito_model_is_set(cito_t_Derived, &model, "last"));
    assert_false(cito_model_is_set(cito_t_Derived, &model, "nothing"));
}

static void test_patch(void **state)
{
    Item item = cito_new(Item, .name = CITO_STR("n"), .price = 1, .count = 5);
    const double price = 9;
    const cito_str count = CITO_STR("12"), wrong = CITO_STR("x");
    (void)state;
    Item update = cito_new(Item, .price = 2);
    cito_patch(Item, &item, Item, &update);
    assert_true(item.price == 2);
    assert_int_equal(item.count, 5);
    assert_string_equal(item.name.data, "n");
    ItemUpdate other = cito_new(ItemUpdate, .price = &price, .count = &count);
    cito_patch(Item, &item, ItemUpdate, &other);
    assert_true(item.price == 9);
    assert_int_equal(item.count, 12);
    assert_string_equal(item.name.data, "n");
    other = cito_new(ItemUpdate, .count = &wrong);
    cito_patch(Item, &item, ItemUpdate, &other);
    assert_int_equal(item.count, 12);
    Derived derived = cito_new(Derived, .id = 1);
    Base base = cito_new(Base, .second = 8);
    cito_patch(Derived, &derived, Base, &base);
    assert_int_equal(derived.base.second, 8);
    assert_int_equal(derived.base.fields_set, BIT(1));
    assert_int_equal(derived.fields_set, BIT(0) | BIT(1));
}

static void test_convert(void **state)
{
    Derived derived = cito_new(Derived, .id = 4, .base.first = CITO_STR("f"), .base.second = 7);
    (void)state;
    Wide wide = cito_convert(Derived, Wide, &derived);
    assert_int_equal(wide.id, 4);
    assert_string_equal(wide.first.data, "f");
    assert_string_equal(wide.second.data, "2"); /* a number is no text: the default stays */
    assert_null(wide.last);
    derived.last = false;
    wide = cito_convert(Derived, Wide, &derived);
    assert_non_null(wide.last);
    assert_false(*wide.last);
    Derived back = cito_convert(Wide, Derived, &wide);
    assert_int_equal(back.id, 4);
    assert_string_equal(back.base.first.data, "f");
    assert_int_equal(back.base.second, 2);
}

/* The copy must hold after all that the first one pointed to is gone. */
static void test_dup(void **state)
{
    char *name = strdup("name"), *key = strdup("key");
    cito_str *description = malloc(sizeof *description);
    Image *images = calloc(2, sizeof *images);
    struct cito_dict_Image_item *by_name = calloc(1, sizeof *by_name);
    (void)state;
    *description = (cito_str){ name, 4 };
    images[0].url = images[1].url = *description;
    images[1].name = description;
    by_name->key = (cito_str){ key, 3 };
    by_name->value = images[1];
    Item *kept = cito_dup(
        Item, &(Item){ .name = { name, 4 },
                       .description = description,
                       .images = { images, 2 },
                       .by_name = { by_name, 1 },
                       .more = cito_json({"a": [1, "two", {"b": null}], "big": 123456789012345678901234567890}), .fields_set = 5 });
    memset(name, 'x', 4);
    memset(key, 'x', 3);
    free(name);
    free(key);
    free(description);
    free(images);
    free(by_name);
    cito_arena_reset(&arena);
    assert_string_equal(kept->name.data, "name");
    assert_int_equal(kept->fields_set, 5);
    assert_string_equal(
        text_of(cito_t_Item, kept),
        "{\"name\":\"name\",\"description\":\"name\",\"price\":0.0,\"count\":0,\"tags\":[],\"images\":[{\"url\":\"name\",\"name\":null},"
        "{\"url\":\"name\",\"name\":\"name\"}],\"by_name\":{\"key\":{\"url\":\"name\",\"name\":\"name\"}},"
        "\"more\":{\"a\":[1,\"two\",{\"b\":null}],\"big\":123456789012345678901234567890}}");
    cito_free(Item, kept);
    cito_free(Item, NULL);
    Holder *holder = cito_dup(Holder, &(Holder){ .either = { .tag = Either_image, .as.image.url = cito_string("u") } });
    cito_arena_reset(&arena);
    assert_string_equal(text_of(cito_t_Holder, holder), "{\"either\":{\"url\":\"u\",\"name\":null}}");
    cito_free(Holder, holder);
}

static void test_kept(void **state)
{
    Image *before = cito_dup(Image, &(Image){ .url = CITO_STR("u") });
    (void)state;
    assert_false(cito_model_is_kept(before));
    cito_model_track_kept = true;
    Image *kept[100];
    for (int i = 0; i < 100; i++)
        kept[i] = cito_dup(Image, &(Image){ .url = CITO_STR("u") });
    for (int i = 0; i < 100; i++) {
        assert_true(cito_model_is_kept(kept[i]));
        assert_true(cito_model_is_kept(kept[i]->url.data));
    }
    assert_false(cito_model_is_kept(&before));
    assert_false(cito_model_is_kept(NULL));
    for (int i = 0; i < 100; i += 2)
        cito_free(Image, kept[i]);
    for (int i = 1; i < 100; i += 2)
        assert_true(cito_model_is_kept(kept[i]));
    for (int i = 1; i < 100; i += 2)
        cito_free(Image, kept[i]);
    assert_false(cito_model_is_kept(kept[1]));
    cito_model_track_kept = false;
    cito_free(Image, before);
}

static void test_parse(void **state)
{
    (void)state;
    Item item = cito_parse(Item, "{\"name\": \"n\", \"price\": \"2\", \"more\": [1], \"images\": [{\"url\": \"u\"}]}");
    assert_true(item.price == 2);
    assert_int_equal(item.count, 3);
    assert_int_equal(item.fields_set, BIT(0) | BIT(2) | BIT(5) | BIT(7));
    assert_true(cito_arena_contains(&arena, item.name.data));
    assert_string_equal(item.images.items[0].url.data, "u");
    assert_string_equal(text_of(cito_t_any, &item.more), "[1]");
}

static const cito_exception *parse_raises(const char *json)
{
    cito_boundary boundary = { .outer = context.boundary };
    context.boundary = &boundary;
    if (!setjmp(boundary.place)) {
        Item item = cito_parse(Item, json);
        (void)item;
    }
    context.boundary = boundary.outer;
    return boundary.raised;
}

static void test_parse_raises(void **state)
{
    (void)state;
    const cito_exception *raised = parse_raises("{\"name\": 1}");
    assert_non_null(raised);
    assert_int_equal(raised->status_code, 422);
    assert_string_equal(cito_json_text(raised->detail, 0).data,
                        "[{\"type\":\"string_type\",\"loc\":[\"name\"],\"msg\":\"Input should be a valid string\",\"input\":1},"
                        "{\"type\":\"missing\",\"loc\":[\"price\"],\"msg\":\"Field required\",\"input\":{\"name\":1}}]");
    raised = parse_raises("{\"name\": }");
    assert_non_null(raised);
    assert_string_equal(cito_json_text(raised->detail, 0).data,
                        "[{\"type\":\"json_invalid\",\"loc\":[9],\"msg\":\"JSON decode error\",\"input\":{},"
                        "\"ctx\":{\"error\":\"Expecting value\"}}]");
    assert_non_null(parse_raises("{\"name\": \"n\", \"price\": 1} x"));
    assert_non_null(parse_raises(NULL));
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(cito_name(Size, Size_extra_large).data, "extra large");
    assert_int_equal(cito_name(Size, Size_small).len, 5);
    assert_string_equal(cito_enum_name(cito_t_Size, 2).data, "");
    assert_string_equal(cito_enum_name(cito_t_Size, -1).data, "");
}

static int begin(void **state)
{
    (void)state;
    cito_arena_init(&arena, 0);
    cito_context_current = &context;
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (cito_deferred *one = deferred; one; one = one->next)
        one->cleanup(one->data);
    cito_context_current = NULL;
    cito_arena_finish(&arena);
    deferred = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new, begin, end),         cmocka_unit_test_setup_teardown(test_new_flattened, begin, end),
        cmocka_unit_test_setup_teardown(test_new_at_once, begin, end), cmocka_unit_test_setup_teardown(test_is_set, begin, end),
        cmocka_unit_test_setup_teardown(test_patch, begin, end),       cmocka_unit_test_setup_teardown(test_convert, begin, end),
        cmocka_unit_test_setup_teardown(test_dup, begin, end),         cmocka_unit_test_setup_teardown(test_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_parse, begin, end),       cmocka_unit_test_setup_teardown(test_parse_raises, begin, end),
        cmocka_unit_test_setup_teardown(test_names, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
