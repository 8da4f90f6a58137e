/* Values: text, dates, and the dynamic JSON value that the word `any` stands for.
 *
 * Ownership: every function that returns text or a value makes it in the memory of the running callable (see cito/call.h, cito_alloc):
 * it lives until the request ends. What a program keeps longer it copies with cito_dup or cito_dup_str.
 * Thread rule: values are immutable; any number of threads may read one. */
#pragma once
#include <cito/macros.h>

/* ---- scalars ------------------------------------------------------------------------------------------------------- */

/* UTF-8 text. data[len] is a NUL, so .data is a C string where the text has none inside. {NULL, 0} is never handed out: empty text
 * points at "". Two are compared with cito_str_equal or cito_same. */
typedef struct cito_str {
    const char *data;
    size_t len;
} cito_str;

/* A decimal number as text in Python's canonical form ("1.10", "1E+5"): nothing is rounded. Source: PEP 327. */
typedef struct cito_decimal {
    cito_str text;
} cito_decimal;

typedef struct cito_date {
    int16_t year; /* 1 … 9999 */
    uint8_t month, day;
} cito_date;

typedef struct cito_time {
    uint8_t hour, minute, second;
    bool aware;         /* false: no time zone was given, utc_offset means nothing */
    int32_t nanosecond; /* of the second */
    int32_t utc_offset; /* seconds east of UTC */
} cito_time;

typedef struct cito_datetime {
    int64_t seconds;     /* since 1970-01-01T00:00:00, UTC where aware, the local clock's reading where not */
    int32_t nanoseconds; /* 0 … 999,999,999 */
    int32_t utc_offset;  /* seconds east of UTC: how it is printed */
    bool aware;
} cito_datetime;

typedef struct cito_timedelta {
    int64_t seconds;     /* floor */
    int32_t nanoseconds; /* 0 … 999,999,999, added to seconds */
} cito_timedelta;

typedef struct cito_uuid {
    uint8_t bytes[16];
} cito_uuid;

typedef struct cito_value cito_value; /* any JSON value; NULL is JSON's null */

/* A file of a multipart form. The name is what the client says: never use it as a path. */
typedef struct cito_upload {
    cito_str filename, content_type;
    uint64_t size;    /* bytes */
    const char *data; /* the content, in the request's memory; a NUL stands behind it */
} cito_upload;

/* ---- text ------------------------------------------------------------------------------------------------------------ */

/* For static data, where cito_string cannot stand. */
#define CITO_STR(LITERAL) ((cito_str){ "" LITERAL, sizeof(LITERAL) - 1 })

/* A copy of CHARS in the request's memory; NULL gives the empty text. */
cito_str cito_string(const char *chars);
/* printf into the request's memory. */
cito_str cito_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool cito_str_equal(cito_str, const char *);
bool cito_same(cito_str, cito_str);
bool cito_str_starts_with(cito_str, const char *);
bool cito_str_contains(cito_str, const char *);
/* A copy that outlives the request; free((void *)copy.data) ends it. */
cito_str cito_dup_str(cito_str);

/* ---- dates: arithmetic as Python's datetime; aware with naive, or years outside 1 to 9999, give 0 and log an error ------------------------------------ */
cito_datetime cito_datetime_add(cito_datetime, cito_timedelta);
cito_timedelta cito_datetime_subtract(cito_datetime later, cito_datetime earlier);
double cito_timedelta_total_seconds(cito_timedelta);
cito_datetime cito_utcnow(void);
double cito_decimal_to_double(cito_decimal);

/* ---- lists and dicts: cito_list_T is an array with its length, cito_dict_T has text keys, cito_int_dict_T integer ones ------ */
#define CITO_LIST_OF(T)                                                                                                            \
    typedef struct {                                                                                                               \
        const cito_c_##T *items;                                                                                                   \
        size_t count;                                                                                                              \
    } cito_list_##T
#define CITO_DICT_LATER(T)                                                                                                         \
    typedef struct cito_dict_##T {                                                                                                 \
        const struct cito_dict_##T##_item *items;                                                                                  \
        size_t count;                                                                                                              \
    } cito_dict_##T;                                                                                                               \
    typedef struct cito_int_dict_##T {                                                                                             \
        const struct cito_int_dict_##T##_item *items;                                                                              \
        size_t count;                                                                                                              \
    } cito_int_dict_##T
#define CITO_DICT_ITEM(T)                                                                                                          \
    struct cito_dict_##T##_item {                                                                                                  \
        cito_str key;                                                                                                              \
        cito_c_##T value;                                                                                                          \
    };                                                                                                                             \
    struct cito_int_dict_##T##_item {                                                                                              \
        int64_t key;                                                                                                               \
        cito_c_##T value;                                                                                                          \
    }
#define CITO_DICT_OF(T)                                                                                                            \
    CITO_DICT_LATER(T);                                                                                                            \
    CITO_DICT_ITEM(T)
#define CITO_COLLECTIONS_OF(T)                                                                                                     \
    CITO_LIST_OF(T);                                                                                                               \
    CITO_DICT_OF(T)

/* The C type of each type word. A new one: typedef CTYPE cito_c_WORD and CITO_COLLECTIONS_OF(WORD); see cito/type.h. */
typedef int cito_c_int;
typedef int64_t cito_c_int64;
typedef double cito_c_double;
typedef _Bool cito_c_bool;
typedef _Bool cito_c__Bool; /* with bool a macro, the word may arrive expanded */
typedef cito_str cito_c_str;
typedef cito_str cito_c_bytes;
typedef cito_str cito_c_secret;
typedef cito_str cito_c_email;
typedef cito_str cito_c_url;      /* http and https: HttpUrl */
typedef cito_str cito_c_any_url;  /* AnyUrl */
typedef cito_decimal cito_c_decimal;
typedef cito_date cito_c_date;
typedef cito_time cito_c_time;
typedef cito_datetime cito_c_datetime;
typedef cito_timedelta cito_c_timedelta;
typedef cito_uuid cito_c_uuid;
typedef const cito_value *cito_c_any;
typedef const cito_upload *cito_c_file;
typedef void cito_c_none;
CITO_COLLECTIONS_OF(int);
CITO_COLLECTIONS_OF(int64);
CITO_COLLECTIONS_OF(double);
CITO_COLLECTIONS_OF(_Bool);
CITO_COLLECTIONS_OF(str);
CITO_COLLECTIONS_OF(bytes);
CITO_COLLECTIONS_OF(secret);
CITO_COLLECTIONS_OF(email);
CITO_COLLECTIONS_OF(url);
CITO_COLLECTIONS_OF(any_url);
CITO_COLLECTIONS_OF(decimal);
CITO_COLLECTIONS_OF(date);
CITO_COLLECTIONS_OF(time);
CITO_COLLECTIONS_OF(datetime);
CITO_COLLECTIONS_OF(timedelta);
CITO_COLLECTIONS_OF(uuid);
CITO_COLLECTIONS_OF(any);
CITO_LIST_OF(file);
typedef cito_list__Bool cito_list_bool;
typedef cito_dict__Bool cito_dict_bool;
typedef cito_int_dict__Bool cito_int_dict_bool;

/* ---- making JSON values ----------------------------------------------------------------------------------------------- */
struct cito_member {
    const char *key;
    const cito_value *value;
};
/* Both up to the first member whose key, or the first element which itself, is NULL: what cito_value gives never is, null included. */
const cito_value *cito_value_of_members(const struct cito_member *);
const cito_value *cito_value_of_elements(const cito_value *const *);
const cito_value *cito_value_of_int(int64_t), *cito_value_of_uint(uint64_t), *cito_value_of_double(double), *cito_value_of_bool(_Bool),
    *cito_value_of_chars(const char *), *cito_value_of_str(cito_str), *cito_value_of_null(const void *), *cito_value_of_any(const cito_value *),
    *cito_value_of_decimal(cito_decimal), *cito_value_of_date(cito_date), *cito_value_of_time(cito_time), *cito_value_of_datetime(cito_datetime),
    *cito_value_of_timedelta(cito_timedelta), *cito_value_of_uuid(cito_uuid);
const cito_value *cito_value_of_opt_int(const int *), *cito_value_of_opt_int64(const int64_t *), *cito_value_of_opt_double(const double *),
    *cito_value_of_opt_bool(const _Bool *), *cito_value_of_opt_str(const cito_str *), *cito_value_of_opt_decimal(const cito_decimal *),
    *cito_value_of_opt_date(const cito_date *), *cito_value_of_opt_time(const cito_time *), *cito_value_of_opt_datetime(const cito_datetime *),
    *cito_value_of_opt_timedelta(const cito_timedelta *), *cito_value_of_opt_uuid(const cito_uuid *);
const cito_value *cito_value_of_list_int(cito_list_int), *cito_value_of_list_int64(cito_list_int64), *cito_value_of_list_double(cito_list_double),
    *cito_value_of_list_bool(cito_list_bool), *cito_value_of_list_str(cito_list_str), *cito_value_of_list_any(cito_list_any),
    *cito_value_of_list_url(cito_list_url), *cito_value_of_list_uuid(cito_list_uuid), *cito_value_of_opt_list_str(const cito_list_str *),
    *cito_value_of_dict_str(cito_dict_str), *cito_value_of_dict_int(cito_dict_int), *cito_value_of_dict_double(cito_dict_double),
    *cito_value_of_dict_any(cito_dict_any), *cito_value_of_int_dict_double(cito_int_dict_double), *cito_value_of_int_dict_str(cito_int_dict_str);

#define cito_null ((const cito_value *)0)
/* Any C value as a JSON value. The text of X stands here once: nested objects cost their length. No `unsigned`: an enum is one to
 * _Generic and would become a number unseen; cito_name(Size, size) is its text. A name of its own for each: nested values do not shadow one another. A model: cito_dump(Item, item). */
#define cito_value(X) CITO_VALUE_OF(CITO_CAT(v_, __COUNTER__), X)
#define CITO_VALUE_OF(V, X)                                                                                                              \
    ({                                                                                                                             \
        __auto_type V = (X);                                                                                                      \
        _Generic(V,                                                                                                               \
            _Bool: cito_value_of_bool,                                                                                             \
            int: cito_value_of_int,                                                                                                \
            long: cito_value_of_int,                                                                                               \
            long long: cito_value_of_int,                                                                                          \
            unsigned long: cito_value_of_uint,                                                                                     \
            unsigned long long: cito_value_of_uint,                                                                                \
            float: cito_value_of_double,                                                                                           \
            double: cito_value_of_double,                                                                                          \
            char *: cito_value_of_chars,                                                                                           \
            const char *: cito_value_of_chars,                                                                                     \
            cito_str: cito_value_of_str,                                                                                           \
            cito_decimal: cito_value_of_decimal,                                                                                   \
            cito_date: cito_value_of_date,                                                                                         \
            cito_time: cito_value_of_time,                                                                                         \
            cito_datetime: cito_value_of_datetime,                                                                                 \
            cito_timedelta: cito_value_of_timedelta,                                                                               \
            cito_uuid: cito_value_of_uuid,                                                                                         \
            const int *: cito_value_of_opt_int,                                                                                    \
            const int64_t *: cito_value_of_opt_int64,                                                                              \
            const double *: cito_value_of_opt_double,                                                                              \
            const _Bool *: cito_value_of_opt_bool,                                                                                 \
            const cito_str *: cito_value_of_opt_str,                                                                               \
            const cito_decimal *: cito_value_of_opt_decimal,                                                                       \
            const cito_date *: cito_value_of_opt_date,                                                                             \
            const cito_time *: cito_value_of_opt_time,                                                                             \
            const cito_datetime *: cito_value_of_opt_datetime,                                                                     \
            const cito_timedelta *: cito_value_of_opt_timedelta,                                                                   \
            const cito_uuid *: cito_value_of_opt_uuid,                                                                             \
            cito_list_int: cito_value_of_list_int,                                                                                 \
            cito_list_int64: cito_value_of_list_int64,                                                                             \
            cito_list_double: cito_value_of_list_double,                                                                           \
            cito_list_bool: cito_value_of_list_bool,                                                                               \
            cito_list_str: cito_value_of_list_str,                                                                                 \
            cito_list_any: cito_value_of_list_any,                                                                                 \
            cito_list_url: cito_value_of_list_url,                                                                                 \
            cito_list_uuid: cito_value_of_list_uuid,                                                                               \
            const cito_list_str *: cito_value_of_opt_list_str,                                                                     \
            cito_dict_str: cito_value_of_dict_str,                                                                                 \
            cito_dict_int: cito_value_of_dict_int,                                                                                 \
            cito_dict_double: cito_value_of_dict_double,                                                                           \
            cito_dict_any: cito_value_of_dict_any,                                                                                 \
            cito_int_dict_double: cito_value_of_int_dict_double,                                                                   \
            cito_int_dict_str: cito_value_of_int_dict_str,                                                                         \
            void *: cito_value_of_null,                                                                                            \
            const cito_value *: cito_value_of_any)(V);                                                                            \
    })

/* cito_object("name", item.name, "price", 2.5): keys in the order given. An odd number of arguments does not compile: the macro's name
 * is the rule that the compiler quotes. */
#define cito_object(...) cito_value_of_members(CITO_MEMBERS(__VA_ARGS__))
#define CITO_MEMBERS(...) ((const struct cito_member[]){ CITO_PAIRS(__VA_ARGS__){ NULL, NULL } })
#define CITO_PAIRS(...) __VA_OPT__(CITO_EVAL(CITO_cito_object_takes_KEY_comma_VALUE(__VA_ARGS__)))
#define CITO_cito_object_takes_KEY_comma_VALUE(K, V, ...) { K, cito_value(V) }, __VA_OPT__(CITO_PAIRS_AGAIN CITO_PARENS(__VA_ARGS__))
#define CITO_PAIRS_AGAIN() CITO_cito_object_takes_KEY_comma_VALUE

#define cito_array(...) cito_value_of_elements((const cito_value *const[]){ CITO_ELEMENTS(__VA_ARGS__) NULL })
#define CITO_ELEMENTS(...) __VA_OPT__(CITO_EVAL(CITO_ELEMENTS_(__VA_ARGS__)))
#define CITO_ELEMENTS_(V, ...) cito_value(V), __VA_OPT__(CITO_ELEMENTS_AGAIN CITO_PARENS(__VA_ARGS__))
#define CITO_ELEMENTS_AGAIN() CITO_ELEMENTS_

/* JSON written as JSON: cito_json({"name": "Foo", "tags": []}). Text that is no JSON is reported in the log and gives null. */
#define cito_json(...) cito_json_parse(#__VA_ARGS__)
const cito_value *cito_json_parse(const char *text);
#define CITO_JSON(...) #__VA_ARGS__ /* where an option takes its text */
/* {**first, **second}: both objects; NULL counts as empty. */
#define cito_merge(FIRST, SECOND) cito_value_merge(FIRST, SECOND)
const cito_value *cito_value_merge(const cito_value *first, const cito_value *second);

/* ---- reading JSON values -------------------------------------------------------------------------------------------------- */
typedef enum cito_value_kind {
    CITO_VALUE_NULL,
    CITO_VALUE_BOOL,
    CITO_VALUE_INT,
    CITO_VALUE_DOUBLE,
    CITO_VALUE_STRING,
    CITO_VALUE_ARRAY,
    CITO_VALUE_OBJECT
} cito_value_kind;
cito_value_kind cito_value_kind_of(const cito_value *);
/* The member of that name; NULL where there is none, where it is null, or where the value is no object. */
const cito_value *cito_value_get(const cito_value *object, const char *key);
bool cito_value_has(const cito_value *object, const char *key);
const cito_value *cito_value_at(const cito_value *array, size_t index); /* NULL behind the end */
cito_str cito_value_key_at(const cito_value *object, size_t index);
const cito_value *cito_value_member_at(const cito_value *object, size_t index);
size_t cito_value_count(const cito_value *);          /* elements of an array, members of an object, else 0 */
cito_str cito_value_string(const cito_value *);       /* empty where it is no string */
int64_t cito_value_int(const cito_value *);           /* 0 where it is no number; a fraction is cut off; beyond 64 bits the nearest end */
double cito_value_double(const cito_value *);         /* 0 where it is no number */
bool cito_value_bool(const cito_value *);             /* false where it is not true */
bool cito_value_contains(const cito_value *array, cito_str item);
/* The value as JSON text; indent 0 is compact, as an answer is. Empty, with an error in the log, where it holds NaN or an infinity. */
cito_str cito_json_text(const cito_value *, int indent);
/* Whether two JSON texts say the same: the order of members is free, 1 equals 1.0. false where one is no JSON. */
bool cito_json_equal(cito_str, const char *json);
