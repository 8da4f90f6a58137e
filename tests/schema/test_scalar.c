/* UUIDs and decimals from texts: values and reasons measured on pydantic 2.13. */
#include "text_case.h"

static const text_case uuids[] = {
    { "12345678-1234-5678-1234-5678123456789", NULL, "invalid group length in group 4: expected 12, found 13" },
    { "1234567812345678123456781234567", NULL, "invalid length: expected length 32 for simple format, found 31" },
    { "123456781234567812345678123456789", NULL, "invalid length: expected length 32 for simple format, found 33" },
    { "1234567812345678123456781234567g", NULL, "invalid character: found `g` at 32" },
    { "{12345678-1234-5678-1234-567812345678", NULL, "invalid character: found `{` at 1" },
    { "12345678-1234-5678-12345678-12345678", NULL, "invalid group length in group 3: expected 4, found 8" },
    { "12345678-1234-5678-1234567812345678", NULL, "invalid group count: expected 5, found 4" },
    { "urn:uuid:1", NULL, "invalid group count: expected 5, found 1" },
    { "{12345678123456781234567812345678}", NULL, "invalid group count: expected 5, found 1" },
    { "\xC3\xA9", NULL, "invalid character: found `\xC3\xA9` at 1" },
    { "12345678-1234-5678-1234-567812345\xC3\xA9"
      "78",
      NULL, "invalid character: found `\xC3\xA9` at 34" },
    { "-", NULL, "invalid group count: expected 5, found 2" },
    { "1-2", NULL, "invalid group count: expected 5, found 2" },
    { "a", NULL, "invalid length: expected length 32 for simple format, found 1" },
    { "12345678-12345678-1234-1234-567812345678", NULL, "invalid group length in group 1: expected 4, found 8" },
    { "1-2-3-4-5-6", NULL, "invalid group count: expected 5, found 6" },
    { "URN:UUID:12345678-1234-5678-1234-567812345678", NULL, "invalid character: found `U` at 1" },
    { "{12345678-1234-5678-1234-567812345678}x", NULL, "invalid character: found `{` at 1" },
};

static const text_case decimals[] = {
    { "1e400", "1E+400", NULL },
    { "1E+400", "1E+400", NULL },
    { "-0", "-0", NULL },
    { "-0.00", "-0.00", NULL },
    { "00.10", "0.10", NULL },
    { "1__0", "10", NULL },
    { "_1", "1", NULL },
    { "1_", "1", NULL },
    { "0e5", "0E+5", NULL },
    { "0.000001", "0.000001", NULL },
    { "0.0000001", "1E-7", NULL },
    { "1e-7", "1E-7", NULL },
    { "123e-10", "1.23E-8", NULL },
    { ".5", "0.5", NULL },
    { "5.", "5", NULL },
    { "+5", "5", NULL },
    { "1e", NULL, "decimal_parsing" },
    { "e5", NULL, "decimal_parsing" },
    { "1 2", NULL, "decimal_parsing" },
    { "sNaN", NULL, "finite_number" },
    { "-inf", NULL, "finite_number" },
    { "nan12", NULL, "finite_number" },
    { "1e99999999999999999999", NULL, "decimal_parsing" },
    { "1e999999999999999999", "1E+999999999999999999", NULL },
    { "1e1000000000000000000", NULL, "decimal_parsing" },
};

static void test_uuids(void **state)
{
    (void)state;
    run_cases(cito_t_uuid, uuids, sizeof uuids / sizeof *uuids);
}

static void test_decimals(void **state)
{
    (void)state;
    run_cases(cito_t_decimal, decimals, sizeof decimals / sizeof *decimals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuids),
        cmocka_unit_test(test_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
