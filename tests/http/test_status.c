/* Status phrases: those of CPython 3.11's http.HTTPStatus. Threading: one thread. */
#include "http/status.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void known_codes(void **state)
{
    (void)state;
    assert_string_equal(cito_http_status_phrase(100), "Continue");
    assert_string_equal(cito_http_status_phrase(200), "OK");
    assert_string_equal(cito_http_status_phrase(203), "Non-Authoritative Information");
    assert_string_equal(cito_http_status_phrase(404), "Not Found");
    assert_string_equal(cito_http_status_phrase(413), "Request Entity Too Large");
    assert_string_equal(cito_http_status_phrase(418), "I'm a Teapot");
    assert_string_equal(cito_http_status_phrase(422), "Unprocessable Entity");
    assert_string_equal(cito_http_status_phrase(505), "HTTP Version Not Supported");
    assert_string_equal(cito_http_status_phrase(511), "Network Authentication Required");
}

static void unknown_codes(void **state)
{
    (void)state;
    const int codes[] = { INT_MIN, -1, 0, 99, 104, 299, 306, 420, 509, 512, 600, 999, INT_MAX };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_string_equal(cito_http_status_phrase(codes[i]), "");
}

static void all_codes(void **state)
{
    (void)state;
    int count = 0;
    for (int status = 100; status < 600; status++)
        count += cito_http_status_phrase(status)[0] != '\0';
    assert_int_equal(count, 62);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(known_codes), cmocka_unit_test(unknown_codes), cmocka_unit_test(all_codes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
