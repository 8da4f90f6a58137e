/* The descriptors of the plain type words. Immutable; any thread. */
#include <cito/type.h>

#define PLAIN(KIND, CTYPE, NAME)                                                                                                           \
    {                                                                                                                                      \
        {                                                                                                                                  \
            .kind = KIND, .name = NAME, .size = sizeof(CTYPE)                                                                              \
        }                                                                                                                                  \
    }

const cito_type cito_t_int[1] = PLAIN(CITO_KIND_INT, cito_c_int, "int");
const cito_type cito_t_int64[1] = PLAIN(CITO_KIND_INT64, cito_c_int64, "int64");
const cito_type cito_t_double[1] = PLAIN(CITO_KIND_DOUBLE, cito_c_double, "double");
const cito_type cito_t_bool[1] = PLAIN(CITO_KIND_BOOL, cito_c_bool, "bool");
const cito_type cito_t__Bool[1] = PLAIN(CITO_KIND_BOOL, cito_c__Bool, "bool"); /* `bool` as a macro expands to this word */
const cito_type cito_t_str[1] = PLAIN(CITO_KIND_STR, cito_c_str, "str");
const cito_type cito_t_bytes[1] = PLAIN(CITO_KIND_BYTES, cito_c_bytes, "bytes");
const cito_type cito_t_secret[1] = PLAIN(CITO_KIND_SECRET, cito_c_secret, "secret");
const cito_type cito_t_email[1] = PLAIN(CITO_KIND_EMAIL, cito_c_email, "email");
const cito_type cito_t_url[1] = PLAIN(CITO_KIND_URL, cito_c_url, "url");
const cito_type cito_t_any_url[1] = PLAIN(CITO_KIND_ANY_URL, cito_c_any_url, "any_url");
const cito_type cito_t_decimal[1] = PLAIN(CITO_KIND_DECIMAL, cito_c_decimal, "decimal");
const cito_type cito_t_date[1] = PLAIN(CITO_KIND_DATE, cito_c_date, "date");
const cito_type cito_t_time[1] = PLAIN(CITO_KIND_TIME, cito_c_time, "time");
const cito_type cito_t_datetime[1] = PLAIN(CITO_KIND_DATETIME, cito_c_datetime, "datetime");
const cito_type cito_t_timedelta[1] = PLAIN(CITO_KIND_TIMEDELTA, cito_c_timedelta, "timedelta");
const cito_type cito_t_uuid[1] = PLAIN(CITO_KIND_UUID, cito_c_uuid, "uuid");
const cito_type cito_t_any[1] = PLAIN(CITO_KIND_ANY, cito_c_any, "any");
const cito_type cito_t_none[1] = { { .kind = CITO_KIND_NONE, .name = "none", .size = 0 } };
const cito_type cito_t_file[1] = PLAIN(CITO_KIND_FILE, cito_c_file, "file");
