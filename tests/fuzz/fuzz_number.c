/* Numbers: any text is read as the C library reads it, any double goes round through both of its texts, any integer through its own. */
#include "json/number.h"
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool same_double(double left, double right) { return memcmp(&left, &right, sizeof left) == 0; }

static void check_text(const char *data, size_t size)
{
    char *text = malloc(size + 1), *end;
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = 0;
    double value = 0;
    int64_t number = 0;
    if (cito_double_read(text, size, &value)) {
        require(same_double(value, strtod(text, &end)));
        require(end == text + size);
    }
    if (cito_int_read(text, size, &number) == CITO_INT_OK) {
        require(number == strtoll(text, &end, 10));
        require(end == text + size);
    }
    free(text);
}

static void check_double(double value)
{
    char out[CITO_NUMBER_MAX];
    double back = 0;
    if (!__builtin_isfinite(value))
        return;
    size_t len = cito_double_write_repr(value, out);
    require(len <= sizeof out && cito_double_read(out, len, &back) && same_double(value, back));
    len = cito_double_write_json(value, out);
    require(len <= sizeof out && cito_double_read(out, len, &back) && same_double(value, back));
}

static void check_integer(int64_t value)
{
    char out[CITO_NUMBER_MAX];
    int64_t back = 0;
    require(cito_int_read(out, cito_int_write(value, out), &back) == CITO_INT_OK && back == value);
    if (value >= 0)
        require(cito_int_read(out, cito_uint_write((uint64_t)value, out), &back) == CITO_INT_OK && back == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 8) {
        double value;
        int64_t integer;
        memcpy(&value, data, sizeof value);
        memcpy(&integer, data, sizeof integer);
        check_double(value);
        check_integer(integer);
    }
    if (size)
        check_text((const char *)data, size);
    return 0;
}
