/* The error types and the message of each: what a 422 answer says. {name} stands for a member of ctx, {expected_plural} for "s" unless that
 * number is 1. Sorted by type, so that it is found by halving. Immutable; any thread. Source: pydantic 2.13, conformance data. */
#include "schema/error.h"
#include "schema/error_type.h"
#include <string.h>

static const cito_error_type types[] = {
    { "assertion_error", "Assertion failed, {error}" },
    { "bool_parsing", "Input should be a valid boolean, unable to interpret input" },
    { "bool_type", "Input should be a valid boolean" },
    { "bytes_too_long", "Data should have at most {max_length} byte{expected_plural}" },
    { "bytes_too_short", "Data should have at least {min_length} byte{expected_plural}" },
    { "bytes_type", "Input should be a valid bytes" },
    { "date_from_datetime_inexact", "Datetimes provided to dates should have zero time - e.g. be exact dates" },
    { "date_from_datetime_parsing", "Input should be a valid date or datetime, {error}" },
    { "date_future", "Date should be in the future" },
    { "date_parsing", "Input should be a valid date in the format YYYY-MM-DD, {error}" },
    { "date_past", "Date should be in the past" },
    { "date_type", "Input should be a valid date" },
    { "datetime_from_date_parsing", "Input should be a valid datetime or date, {error}" },
    { "datetime_future", "Input should be in the future" },
    { "datetime_parsing", "Input should be a valid datetime, {error}" },
    { "datetime_past", "Input should be in the past" },
    { "datetime_type", "Input should be a valid datetime" },
    { "decimal_max_digits", "Decimal input should have no more than {max_digits} digit{expected_plural} in total" },
    { "decimal_max_places", "Decimal input should have no more than {decimal_places} decimal place{expected_plural}" },
    { "decimal_parsing", "Input should be a valid decimal" },
    { "decimal_type", "Decimal input should be an integer, float, string or Decimal object" },
    { "decimal_whole_digits", "Decimal input should have no more than {whole_digits} digit{expected_plural} before the decimal point" },
    { "dict_type", "Input should be a valid dictionary" },
    { "enum", "Input should be {expected}" },
    { "extra_forbidden", "Extra inputs are not permitted" },
    { "finite_number", "Input should be a finite number" },
    { "float_parsing", "Input should be a valid number, unable to parse string as a number" },
    { "float_type", "Input should be a valid number" },
    { "greater_than", "Input should be greater than {gt}" },
    { "greater_than_equal", "Input should be greater than or equal to {ge}" },
    { "int_from_float", "Input should be a valid integer, got a number with a fractional part" },
    { "int_parsing", "Input should be a valid integer, unable to parse string as an integer" },
    { "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size" },
    { "int_type", "Input should be a valid integer" },
    { "json_invalid", "JSON decode error" },
    { "less_than", "Input should be less than {lt}" },
    { "less_than_equal", "Input should be less than or equal to {le}" },
    { "list_type", "Input should be a valid list" },
    { "literal_error", "Input should be {expected}" },
    { "missing", "Field required" },
    { "model_attributes_type", "Input should be a valid dictionary or object to extract fields from" },
    { "multiple_of", "Input should be a multiple of {multiple_of}" },
    { "none_required", "Input should be None" },
    { "set_type", "Input should be a valid set" },
    { "string_pattern_mismatch", "String should match pattern '{pattern}'" },
    { "string_too_long", "String should have at most {max_length} character{expected_plural}" },
    { "string_too_short", "String should have at least {min_length} character{expected_plural}" },
    { "string_type", "Input should be a valid string" },
    { "time_delta_parsing", "Input should be a valid timedelta, {error}" },
    { "time_delta_type", "Input should be a valid timedelta" },
    { "time_parsing", "Input should be in a valid time format, {error}" },
    { "time_type", "Input should be a valid time" },
    { "timezone_aware", "Input should have timezone info" },
    { "timezone_naive", "Input should not have timezone info" },
    { "too_long", "{field_type} should have at most {max_length} item{expected_plural} after validation, not {actual_length}" },
    { "too_short", "{field_type} should have at least {min_length} item{expected_plural} after validation, not {actual_length}" },
    { "tuple_type", "Input should be a valid tuple" },
    { "union_tag_invalid", "Input tag '{tag}' found using {discriminator} does not match any of the expected tags: {expected_tags}" },
    { "union_tag_not_found", "Unable to extract tag using discriminator {discriminator}" },
    { "url_parsing", "Input should be a valid URL, {error}" },
    { "url_scheme", "URL scheme should be {expected_schemes}" },
    { "url_too_long", "URL should have at most {max_length} character{expected_plural}" },
    { "url_type", "URL input should be a string or URL" },
    { "uuid_parsing", "Input should be a valid UUID, {error}" },
    { "uuid_type", "UUID input should be a string, bytes or UUID object" },
    { "value_error", "Value error, {error}" },
};

const cito_error_type *cito_error_type_find(const char *name)
{
    size_t low = 0, high = sizeof types / sizeof *types;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, types[middle].name);
        if (order == 0)
            return &types[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

size_t cito_error_type_count(void) { return sizeof types / sizeof *types; }

const cito_error_type *cito_error_type_at(size_t index) { return &types[index]; }
