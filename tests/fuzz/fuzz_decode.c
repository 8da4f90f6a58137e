/* Fuzz target: any text decoded into a model of nested models, unions, sets and dates. No crash; what is refused is told in valid JSON; what is
 * taken can be decoded again to the same verdict. */
#include "base/utf8.h"
#include "json/value.h"
#include "schema/decode.h"
#include <cito/model.h>
#include <stdlib.h>

CITO_ENUM(Size, small, medium, (large, "very large"));
CITO_TUPLE(Point, (int, x), (double, y));
CITO_MODEL(Cat, (str, kind), (int, n, ge(0)));
CITO_MODEL(Dog, (str, kind), (bool, m), (list(Dog), puppies, default([])));
CITO_UNION(Pet, "kind", (cat, Cat), (dog, Dog));
CITO_UNION(Loose, NULL, (number, int), (text, str), (cat, Cat), (points, set(Point)));
CITO_MODEL(Base, (datetime, a), (opt(date), b), (opt(time), c), (opt(timedelta), d));
CITO_MODEL(Whole, (Base, base, flatten), (opt(Pet), e), (list(Loose), f), (dict(int), g), (dict(int, str), h), (opt(uuid), i), (opt(decimal), j, max_digits(5), multiple_of(0.5)),
    (opt(email), k), (opt(url), l), (opt(any_url), m), (Size, n, default("small")), (opt(str), o, pattern("^(a+)+$"), max_length(9)), (opt(any), p));
CITO_MODEL_CONFIG(Whole, .extra = CITO_EXTRA_FORBID);

static bool decode(cito_arena *arena, cito_str text)
{
    cito_json_reader reader;
    cito_errors errors;
    Whole whole;
    cito_json_reader_init(&reader, text, arena, 0);
    cito_errors_init(&errors, arena);
    bool is_good = cito_decode_json(&reader, cito_t_Whole, NULL, NULL, &whole, &errors);
    if (is_good || reader.error)
        return is_good;
    cito_buffer out;
    cito_buffer_init(&out);
    cito_errors_write(&errors, &out);
    cito_str json = cito_arena_copy_str(arena, out.data, out.len);
    cito_buffer_finish(&out);
    if (!errors.count || !cito_value_parse(arena, json, NULL, NULL))
        abort();
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!cito_utf8_is_valid((const char *)data, size))
        return 0;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_str text = cito_arena_copy_str(&arena, (const char *)data, size);
    bool first = decode(&arena, text);
    if (decode(&arena, text) != first)
        abort();
    cito_arena_finish(&arena);
    return 0;
}
