/* The measured coercion cases of pydantic, one JSON object a line in coercion.jsonl: each for whose type cito has a word must give the same
 * value, or the same errors with type, loc, msg, input and ctx. What C makes different is listed by name in coercion_divergences.txt. */
#include "json/value.h"
#include "schema/decode.h"
#include "schema/encode.h"
#include <cito/model.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

CITO_ENUM(StrEnum, red, green);
CITO_LITERAL(LiteralOne, a);
CITO_LITERAL(LiteralThree, a, b, c);
CITO_LITERAL(CatKind, cat);
CITO_LITERAL(DogKind, dog);
CITO_TUPLE(IntStr, (int, first), (str, second));
CITO_MODEL(M, (int, a));
CITO_UNION(IntOrStr, NULL, (integer, int), (text, str));
CITO_UNION(StrOrInt, NULL, (text, str), (integer, int));
CITO_UNION(IntOrFloat, NULL, (integer, int), (number, double));
CITO_UNION(FloatOrInt, NULL, (number, double), (integer, int));
CITO_UNION(BoolOrInt, NULL, (flag, bool), (integer, int));
CITO_UNION(ModelOrInt, NULL, (model, M), (integer, int));
CITO_UNION(DatetimeOrDate, NULL, (moment, datetime), (day, date));
CITO_UNION(ListOrInt, NULL, (items, list(int)), (integer, int));
CITO_MODEL(Cat, (CatKind, kind), (int, n));
CITO_MODEL(Dog, (DogKind, kind), (int, m));
CITO_UNION(Tagged, "kind", (cat, Cat), (dog, Dog));
CITO_UNION(CatOrDog, NULL, (cat, Cat), (dog, Dog));
CITO_MODEL(Forbidding, (int, a));
CITO_MODEL_CONFIG(Forbidding, .extra = CITO_EXTRA_FORBID);
CITO_MODEL(Aliased, (int, a, alias("A")));
CITO_VALIDATOR(int, positive, value) { return *value > 0 ? NULL : "must be positive"; }
CITO_MODEL(Validated, (int, a, after(positive)));
CITO_VALIDATOR(str, stripped, text)
{
    while (text->len && text->data[0] == ' ')
        text->data++, text->len--;
    while (text->len && text->data[text->len - 1] == ' ')
        text->len--;
    return NULL;
}
CITO_VALIDATOR(str, lowered, text)
{
    for (size_t i = 0; i < text->len; i++)
        ((char *)text->data)[i] |= 0x20; /* the raw text is this reading's own copy */
    return NULL;
}
CITO_MODEL(Nested, (list(Cat), items), (dict(Cat), d));

/* One row for each type name of the file that cito has a word for; options where the name says some. */
#define ROW(NAME, T, ...)                                                                                                                  \
    {                                                                                                                                      \
        NAME, CITO_T(T), { .name = "value", .type = CITO_T(T) __VA_OPT__(, ) CITO_OPTS(__VA_ARGS__) }                                      \
    }
static const struct row {
    const char *name;
    const cito_type *type;
    cito_field field;
} rows[] = {
    ROW("int", int64),
    ROW("float", double),
    ROW("bool", bool),
    ROW("str", str),
    ROW("Decimal", decimal),
    ROW("date", date),
    ROW("datetime", datetime),
    ROW("time", time),
    ROW("timedelta", timedelta),
    ROW("UUID", uuid),
    ROW("StrEnum", StrEnum),
    ROW("bytes", bytes),
    ROW("list[int]", list(int)),
    ROW("set[int]", set(int)),
    ROW("tuple[int,str]", IntStr),
    ROW("dict[str,int]", dict(int)),
    ROW("dict[int,float]", dict(int, double)),
    ROW("int|None", opt(int)),
    ROW("int|str", IntOrStr),
    ROW("str|int", StrOrInt),
    ROW("int|float", IntOrFloat),
    ROW("float|int", FloatOrInt),
    ROW("bool|int", BoolOrInt),
    ROW("EmailStr", email),
    ROW("HttpUrl", url),
    ROW("AnyUrl", any_url),
    ROW("Model", M),
    ROW("Model|int", ModelOrInt),
    ROW("list[int]|int", ListOrInt),
    ROW("datetime|date", DatetimeOrDate),
    ROW("Any", any),
    ROW("str min_length=3", str, min_length(3)),
    ROW("str min_length=1", str, min_length(1)),
    ROW("str max_length=3", str, max_length(3)),
    ROW("str max_length=1", str, max_length(1)),
    ROW("str max_length counts code points", str, max_length(2)),
    ROW("str pattern", str, pattern("^a+$")),
    ROW("str pattern unanchored", str, pattern("a")),
    ROW("pattern $ newline", str, pattern("^a$")),
    ROW("strip_whitespace", str, before(stripped), min_length(1)),
    ROW("to_lower", str, before(lowered)),
    ROW("int gt=3", int, gt(3)),
    ROW("int ge=3", int, ge(3)),
    ROW("int lt=3", int, lt(3)),
    ROW("int le=3", int, le(3)),
    ROW("int multiple_of=3", int, multiple_of(3)),
    ROW("two violated: ge=0 multiple_of=2", int, ge(0), multiple_of(2)),
    ROW("float gt=0", double, gt(0)),
    ROW("float gt=0.5", double, gt(0.5)),
    ROW("float le=10.5", double, le(10.5)),
    ROW("float multiple_of=0.5", double, multiple_of(0.5)),
    ROW("float allow_inf_nan=False", double, allow_inf_nan(false)),
    ROW("float gt=0 nan", double, gt(0)),
    ROW("Decimal max_digits=3", decimal, max_digits(3)),
    ROW("Decimal decimal_places=1", decimal, decimal_places(1)),
    ROW("Decimal digits 3 places 1 (whole)", decimal, max_digits(3), decimal_places(1)),
    ROW("Decimal gt", decimal, gt(1.5)),
    ROW("Decimal multiple_of", decimal, multiple_of(0.5)),
    ROW("list min_length=2", list(int), min_length(2)),
    ROW("list max_length=1", list(int), max_length(1)),
    ROW("list min_length=1", list(int), min_length(1)),
    ROW("set max_length=1", set(int), max_length(1)),
    ROW("set min_length=2 of dup", set(int), min_length(2)),
    ROW("dict min_length=1", dict(int), min_length(1)),
    ROW("dict max_length=1", dict(int), max_length(1)),
    ROW("bytes min_length=3", bytes, min_length(3)),
    ROW("bytes max_length=1", bytes, max_length(1)),
    ROW("Literal one", LiteralOne),
    ROW("Literal three", LiteralThree),
    ROW("StrictInt \"1\"", int, strict),
    ROW("StrictInt 1.0", int, strict),
    ROW("StrictStr 1", str, strict),
    ROW("StrictBool \"true\"", bool, strict),
    ROW("StrictBool 1", bool, strict),
    ROW("StrictFloat \"1\"", double, strict),
    ROW("StrictFloat 1", double, strict),
    ROW("extra=forbid", Forbidding),
    ROW("alias missing, name given", Aliased),
    ROW("validator ValueError", Validated),
    ROW("nested list loc", Nested),
    ROW("discriminator missing", Tagged),
    ROW("discriminator unknown", Tagged),
    ROW("discriminator member error", Tagged),
    ROW("discriminator not dict", Tagged),
    ROW("plain union of models", CatOrDog),
    ROW("plain union smart picks", CatOrDog),
    ROW("none_required", none),
    ROW("str nul ok", str),
    ROW("SecretStr", secret),
    ROW("TypedDict missing", M),
};

static char *read_file(const char *name, size_t *out_len)
{
    const char *folder = getenv("CITO_TEST_DATA");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "tests/schema", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s cannot be opened; run the test in the project's root, or set CITO_TEST_DATA", path);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    *out_len = fread(text, 1, (size_t)size, file);
    text[*out_len] = '\0';
    fclose(file);
    return text;
}

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static bool is_listed_as(const char *list, cito_arena *arena, cito_str type, cito_str input)
{
    return strstr(list, cito_arena_format(arena, "\n%s | %s | ", type.data, input.data).data) != NULL;
}

/* Whether a line "type | input | reason" or "type | * | reason" stands in the list of divergences. */
static bool is_divergence(const char *list, const cito_value *object, cito_arena *arena)
{
    cito_buffer text;
    cito_buffer_init(&text);
    const cito_value *input = cito_value_get(object, "input");
    cito_value_write(&text, input ? input : cito_value_null);
    cito_str json = cito_arena_copy_str(arena, text.data, text.len), type = cito_value_string(cito_value_get(object, "type"));
    cito_buffer_finish(&text);
    return is_listed_as(list, arena, type, json) || is_listed_as(list, arena, type, CITO_STR("*"));
}

/* What cito makes of the case, as {"ok": …} or {"errors": […]}. */
static const cito_value *run_case(const struct row *row, const cito_value *input, cito_arena *arena)
{
    cito_buffer text;
    cito_buffer_init(&text);
    cito_value_write(&text, input);
    cito_json_reader reader;
    cito_json_reader_init(&reader, cito_arena_copy_str(arena, text.data, text.len), arena, 0);
    cito_errors errors;
    cito_errors_init(&errors, arena);
    void *value = cito_arena_take_zeroed(arena, row->type->size + 1);
    text.len = 0;
    if (cito_decode_json(&reader, row->type, &row->field, NULL, value, &errors)) {
        cito_buffer_append_literal(&text, "{\"ok\":");
        const char *problem = row->type->kind == CITO_KIND_NONE ? NULL : cito_encode(row->type, value, NULL, &text);
        assert_null(problem);
        cito_buffer_append_char(&text, '}');
    } else {
        cito_errors_write(&errors, &text);
    }
    assert_null(reader.error);
    cito_str copy = cito_arena_copy_str(arena, text.data, text.len);
    cito_buffer_finish(&text);
    const cito_value *result = cito_value_parse(arena, copy, NULL, NULL);
    if (!result)
        print_error("%s\n", copy.data);
    return result;
}

static bool check_case(const cito_value *object, const char *divergences, cito_arena *arena, size_t *io_run)
{
    const struct row *row = find_row(cito_value_string(cito_value_get(object, "type")).data);
    const cito_value *input = cito_value_get(object, "input");
    bool is_listed = is_divergence(divergences, object, arena);
    if (!row) {
        if (!is_listed)
            print_error("no word and no divergence: %s\n", cito_value_string(cito_value_get(object, "type")).data);
        return is_listed;
    }
    ++*io_run;
    const cito_value *got = run_case(row, input ? input : cito_value_null, arena);
    bool is_same;
    if (cito_value_has(object, "errors"))
        is_same = cito_value_equal(cito_value_get(got, "detail"), cito_value_get(object, "errors"));
    else
        is_same = cito_value_has(got, "ok") && cito_value_equal(cito_value_get(got, "ok"), cito_value_get(object, "ok"));
    if (is_same != is_listed)
        return true;
    cito_buffer text;
    cito_buffer_init(&text);
    cito_value_write(&text, object);
    cito_buffer_append_literal(&text, "\n   got ");
    cito_value_write(&text, got);
    print_error("%s%.*s\n", is_listed ? "listed as a divergence, but equal: " : "", (int)text.len, text.data);
    cito_buffer_finish(&text);
    return false;
}

static void test_all_cases(void **state)
{
    (void)state;
    size_t len, list_len, run = 0, failed = 0;
    char *text = read_file("coercion.jsonl", &len), *divergences = read_file("coercion_divergences.txt", &list_len);
    for (char *line = text, *end; line < text + len; line = end + 1) {
        end = strchr(line, '\n');
        if (!end)
            end = text + len;
        cito_arena arena;
        cito_arena_init(&arena, 0);
        const cito_value *object = cito_value_parse(&arena, cito_arena_copy_str(&arena, line, (size_t)(end - line)), NULL, NULL);
        assert_non_null(object);
        if (!cito_value_has(object, "kind"))
            failed += !check_case(object, divergences, &arena, &run);
        cito_arena_finish(&arena);
    }
    free(text);
    free(divergences);
    assert_int_equal(failed, 0);
    assert_true(run > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_all_cases) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
