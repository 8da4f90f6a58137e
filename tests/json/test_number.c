/* Numbers as text, both ways: against a table of Python's repr, the C library, exact halves, and the ends of the ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/number.h"
#include <cmocka.h>

static uint64_t random_state = UINT64_C(88172645463325252);

static uint64_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(2685821657736338717);
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static const char *repr(double value)
{
    static char text[CITO_NUMBER_MAX + 1];
    text[cito_double_write_repr(value, text)] = 0;
    return text;
}

static const char *json(double value)
{
    static char text[CITO_NUMBER_MAX + 1];
    text[cito_double_write_json(value, text)] = 0;
    return text;
}

static double read_double(const char *text)
{
    double value = -1;
    if (!cito_double_read(text, strlen(text), &value))
        fail_msg("not read: %.60s", text);
    return value;
}

static void python_repr(void **state)
{
    (void)state;
    FILE *file = fopen("tests/json/repr_doubles.txt", "r");
    assert_non_null(file);
    char line[128];
    size_t rows = 0;
    while (fgets(line, sizeof line, file)) {
        char expected[64];
        unsigned long long bits;
        assert_int_equal(sscanf(line, "%llx %63s", &bits, expected), 2);
        assert_string_equal(repr(double_of(bits)), expected);
        if (!strchr(expected, 'n')) /* neither inf nor nan */
            assert_true(bits_of(read_double(expected)) == bits);
        rows++;
    }
    fclose(file);
    assert_true(rows > 3000);
}

static void pydantic_form(void **state)
{
    (void)state;
    assert_string_equal(json(1.0), "1.0");
    assert_string_equal(json(-0.0), "-0.0");
    assert_string_equal(json(1e-4), "0.0001");
    assert_string_equal(json(1.5e-5), "0.000015");
    assert_string_equal(json(1e-6), "1e-6");
    assert_string_equal(json(1.5e-7), "1.5e-7");
    assert_string_equal(json(1.25e-100), "1.25e-100");
    assert_string_equal(json(9999999999999998.0), "9999999999999998.0");
    assert_string_equal(json(1e16), "1e+16");
    assert_string_equal(json(1.2345678901234568e17), "1.2345678901234568e+17");
    assert_string_equal(repr(1.5e-5), "1.5e-05");
    assert_string_equal(repr(-__builtin_inf()), "-inf");
    assert_string_equal(repr(__builtin_nan("")), "nan");
}

static void random_doubles_go_round(void **state)
{
    (void)state;
    for (int i = 0; i < 40000; i++) {
        double value = i % 3 == 0 ? (double)(random_word() % 1000000) / 1000 : double_of(random_word() >> (i % 3 == 1 ? 0 : 11));
        if (!__builtin_isfinite(value))
            continue;
        const char *text = repr(value);
        assert_true(bits_of(strtod(text, NULL)) == bits_of(value));
        assert_true(bits_of(read_double(text)) == bits_of(value));
        /* No shorter text reads back. */
        int digits = 0;
        for (const char *at = text; *at && *at != 'e'; at++)
            digits += *at >= '0' && *at <= '9' && (digits || *at != '0');
        char shorter[64], longer[64];
        snprintf(shorter, sizeof shorter, "%.*e", digits > 2 ? digits - 2 : 0, value);
        if (digits > 2 && !strstr(text, ".0")) /* a zero at the end is no digit of the shortest text */
            assert_true(strtod(shorter, NULL) != value);
        snprintf(longer, sizeof longer, "%.17g", value);
        assert_true(bits_of(read_double(longer)) == bits_of(value));
    }
}

static void random_texts_are_read_as_by_the_c_library(void **state)
{
    (void)state;
    char text[1200];
    for (int i = 0; i < 20000; i++) {
        size_t len = 1 + random_word() % (i % 100 ? 40 : 1000);
        for (size_t k = 0; k < len; k++)
            text[k] = (char)('0' + random_word() % 10);
        text[len / 2] = '.';
        snprintf(text + len, 8, "e%d", (int)(random_word() % 680) - 350);
        if (len == 1)
            text[0] = '7';
        assert_true(bits_of(read_double(text)) == bits_of(strtod(text, NULL)));
    }
}

/* Exactly between two doubles, and a little beside it, where only the 60th or the 700th digit decides. */
static void halves(void **state)
{
    (void)state;
    char text[2000];
    for (int i = 0; i < 3000; i++) {
        double value = i % 2 ? double_of(random_word() & (UINT64_MAX >> 1)) : (double)(random_word() >> 11) * (i % 4 ? 1 : 0x1p-40);
        if (i % 7 == 0)
            value = double_of(random_word() >> 14); /* subnormal */
        if (!(value < 0x1p1000))
            continue;
        double next = double_of(bits_of(value) + 1);
        double half = value + (next - value) / 2;
        if (half == value || half == next) { /* no double lies between: write the half by long arithmetic of the C library */
            long double middle = ((long double)value + (long double)next) / 2;
            snprintf(text, sizeof text, "%.1100Le", middle);
            char *exponent = strchr(text, 'e');
            assert_non_null(exponent);
            assert_true(bits_of(read_double(text)) == bits_of(strtod(text, NULL)));
            exponent[-1] = '1'; /* just above */
            assert_true(bits_of(read_double(text)) == bits_of(next));
        }
    }
}

static void edges_of_doubles(void **state)
{
    (void)state;
    assert_true(read_double("1.7976931348623157e308") == 1.7976931348623157e308);
    assert_true(read_double("1.7976931348623158e308") == 1.7976931348623157e308);
    assert_true(__builtin_isinf(read_double("1.7976931348623159e308")));
    assert_true(__builtin_isinf(read_double("-1e400")));
    assert_true(read_double("17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641"
                            "6692887910946555547851940402630657"
                            "48867150582068190890200070838367627385484581771153176447573027006985557136695962284291481986083493647529271907"
                            "41684443655107043427115596995080930428"
                            "80177904174497792") == __builtin_inf()); /* exactly half way from the largest double: to even */
    assert_true(read_double("17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641"
                            "6692887910946555547851940402630657"
                            "48867150582068190890200070838367627385484581771153176447573027006985557136695962284291481986083493647529271907"
                            "41684443655107043427115596995080930428"
                            "80177904174497791") == 1.7976931348623157e308);
    assert_true(read_double("5e-324") == 5e-324);
    assert_true(read_double("2.4703282292062327208e-324") == 0);
    assert_true(read_double("2.4703282292062328e-324") == 5e-324);
    assert_true(read_double("2.2250738585072011e-308") == 2.225073858507201e-308);
    assert_true(read_double("9007199254740993") == 9007199254740992.0);
    assert_true(read_double("9007199254740993.00000000000000000000000000000000000000001") == 9007199254740994.0);
    assert_true(read_double("0e999999999999999999999") == 0);
    assert_true(read_double("1e-999999999999999999999") == 0);
    assert_true(__builtin_isinf(read_double("1e999999999999999999999")));
    assert_true(bits_of(read_double("-0")) == UINT64_C(1) << 63);
    char zeros[600];
    memset(zeros, '0', sizeof zeros);
    memcpy(zeros, "0.", 2);
    strcpy(zeros + 400, "25e400");
    assert_true(read_double(zeros) == 25.0);
}

static void grammar_of_doubles(void **state)
{
    (void)state;
    static const char *const good[] = { "1", ".5", "5.", "1e3", "+1", "-.5E-2", "1.e2", "00.5", "1e+0" };
    static const char *const bad[] = { "",   "-",   "+",   ".",   "e1",  ".e1",   "1e",   "1e+", "1e-", "1 ",
                                       " 1", "1_0", "nan", "inf", "0x1", "1.2.3", "1e5.", "--1", "1f",  "1e1e1" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(read_double(good[i]) == strtod(good[i], NULL));
    double value;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (cito_double_read(bad[i], strlen(bad[i]), &value))
            fail_msg("read: %s", bad[i]);
}

static void integers(void **state)
{
    (void)state;
    char text[CITO_NUMBER_MAX + 1], expected[32];
    for (int i = 0; i < 20000; i++) {
        uint64_t value = i < 64 ? (UINT64_C(1) << i) - (i & 1) : random_word() >> (i % 64);
        text[cito_uint_write(value, text)] = 0;
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
        assert_string_equal(text, expected);
        int64_t back = 0, number = (int64_t)value;
        size_t len = cito_int_write(number, text);
        assert_int_equal(cito_int_read(text, len, &back), CITO_INT_OK);
        assert_true(back == number);
    }
    for (uint64_t power = 1, i = 0; i < 19; i++, power *= 10)
        for (int d = -1; d <= 1; d++) {
            text[cito_uint_write(power + (uint64_t)d, text)] = 0;
            snprintf(expected, sizeof expected, "%llu", (unsigned long long)(power + (uint64_t)d));
            assert_string_equal(text, expected);
        }
}

static void edges_of_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        cito_int_read_result result;
        int64_t value;
    } cases[] = {
        { "9223372036854775807", CITO_INT_OK, INT64_MAX },
        { "-9223372036854775808", CITO_INT_OK, INT64_MIN },
        { "9223372036854775808", CITO_INT_OUT_OF_RANGE, 0 },
        { "-9223372036854775809", CITO_INT_OUT_OF_RANGE, 0 },
        { "18446744073709551616", CITO_INT_OUT_OF_RANGE, 0 },
        { "0007", CITO_INT_OK, 7 },
        { "-0", CITO_INT_OK, 0 },
        { "", CITO_INT_NOT, 0 },
        { "-", CITO_INT_NOT, 0 },
        { "+1", CITO_INT_NOT, 0 },
        { "1.0", CITO_INT_NOT, 0 },
        { "99999999999999999999x", CITO_INT_NOT, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        assert_int_equal(cito_int_read(cases[i].text, strlen(cases[i].text), &value), cases[i].result);
        assert_true(value == cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(python_repr),
        cmocka_unit_test(pydantic_form),
        cmocka_unit_test(random_doubles_go_round),
        cmocka_unit_test(random_texts_are_read_as_by_the_c_library),
        cmocka_unit_test(halves),
        cmocka_unit_test(edges_of_doubles),
        cmocka_unit_test(grammar_of_doubles),
        cmocka_unit_test(integers),
        cmocka_unit_test(edges_of_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
