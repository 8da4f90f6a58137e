/* Types: what a type word T stands for. T names a C type, cito_c_T, and a descriptor, cito_t_T, from which cito decodes, validates,
 * encodes and documents. The words: int int64 double bool str bytes secret email url any_url decimal date time datetime timedelta uuid
 * any none file request response background, opt(T) list(T) set(T) dict(T) dict(int, T) depends(F), and what CITO_MODEL, CITO_ENUM,
 * CITO_LITERAL, CITO_UNION, CITO_TUPLE, CITO_ANNOTATED and CITO_OPAQUE name. Source: FastAPI's tutorial, "Body - Nested Models", "Extra Data
 * Types"; pydantic's conversion table. */
#pragma once
#include <cito/value.h>

typedef enum cito_kind {
    CITO_KIND_BOOL,
    CITO_KIND_INT,   /* C int: 32 bits */
    CITO_KIND_INT64,
    CITO_KIND_DOUBLE,
    CITO_KIND_STR,
    CITO_KIND_BYTES,
    CITO_KIND_SECRET, /* text that is written as ********** */
    CITO_KIND_EMAIL,
    CITO_KIND_URL,     /* http, https */
    CITO_KIND_ANY_URL,
    CITO_KIND_DECIMAL,
    CITO_KIND_DATE,
    CITO_KIND_TIME,
    CITO_KIND_DATETIME,
    CITO_KIND_TIMEDELTA,
    CITO_KIND_UUID,
    CITO_KIND_ANY,
    CITO_KIND_NONE,
    CITO_KIND_FILE,
    CITO_KIND_OPTIONAL,  /* element; in C a pointer, NULL where absent; of `any` and `file` that pointer itself */
    CITO_KIND_LIST,      /* element */
    CITO_KIND_SET,       /* element; no two equal */
    CITO_KIND_DICT,      /* element; keys are text */
    CITO_KIND_INT_DICT,  /* element; keys are int64 */
    CITO_KIND_TUPLE,     /* fields; a JSON array of exactly these */
    CITO_KIND_MODEL,     /* fields */
    CITO_KIND_ENUM,      /* members; in C an enum from 0 on */
    CITO_KIND_UNION,     /* fields are the members, discriminator or NULL */
    CITO_KIND_ANNOTATED, /* element, with the options of annotated[0] */
    CITO_KIND_YIELDS,    /* element: a callable that gives its elements by cito_yield */
    CITO_KIND_DEPENDS,   /* the result of the callable `dependency` */
    CITO_KIND_CONTEXT    /* given by cito: request, response, background; or a value that is no data (CITO_OPAQUE) */
} cito_kind;

typedef enum cito_location {
    CITO_IN_INFERRED, /* path when the path names it, body when it is a model (or list, dict of …), else query: as FastAPI infers */
    CITO_IN_PATH,
    CITO_IN_QUERY,
    CITO_IN_HEADER,
    CITO_IN_COOKIE,
    CITO_IN_FORM,
    CITO_IN_BODY
} cito_location;

typedef struct cito_type cito_type;
typedef struct cito_field cito_field;
typedef struct cito_callable cito_callable;

/* A check of one value: NULL, or the message of a value_error. It may change the value that it is given. */
typedef struct cito_validator {
    const char *name;
    const char *(*check)(void *value);
} cito_validator;

struct cito_type {
    cito_kind kind;
    const char *name;     /* as the program says it; NULL: a literal, which has no name in the document */
    size_t size;          /* of the C type */
    const cito_type *element;
    const cito_field *fields;
    size_t field_count;
    const char *const *members; /* ends with NULL */
    const char *discriminator;
    const cito_callable *dependency;
    const char *scopes;          /* of security(F, "scope other") */
    const cito_field *annotated;
    size_t tail_offset;          /* of a model: where its fields_set lies; of a union: where `as` lies */
    struct cito_type_plan **plan; /* what src/schema derives from a record, once; NULL where nothing is kept */
    const char *file;            /* where a record was declared */
    int line;
};

/* One field of a model, one parameter of a callable, one member of a union or tuple. Filled by the option words below. */
struct cito_field {
    const char *name;
    const cito_type *type;
    size_t offset;
    cito_location location;
    const char *alias, *title, *description, *pattern, *default_json, *example_json, *examples_json;
    double ge, gt, le, lt, multiple_of;
    size_t min_length, max_length;
    int max_digits, decimal_places;
    bool has_ge, has_gt, has_le, has_lt, has_multiple_of, has_min_length, has_max_length, has_max_digits, has_decimal_places;
    bool deprecated, embed, use_cache_off, flatten, exclude, frozen, exclude_from_schema, convert_underscores_off, finite, strict, required;
    bool all_args, all_kwargs; /* of a task's parameter of the word any: what the message says beside the others, as *args and **kwargs do */
    const cito_validator *before, *after; /* checks of the raw text (a cito_str), of the decoded value */
};

/* ---- option words: (double, price, gt(0), description("Without tax")) ---------------------------------------------------- */
#define CITO_OPT_ge(x) .has_ge = true, .ge = (x)
#define CITO_OPT_gt(x) .has_gt = true, .gt = (x)
#define CITO_OPT_le(x) .has_le = true, .le = (x)
#define CITO_OPT_lt(x) .has_lt = true, .lt = (x)
#define CITO_OPT_multiple_of(x) .has_multiple_of = true, .multiple_of = (x)
#define CITO_OPT_min_length(x) .has_min_length = true, .min_length = (x) /* code points of text, items of a list, members of a dict */
#define CITO_OPT_max_length(x) .has_max_length = true, .max_length = (x)
#define CITO_OPT_max_digits(x) .has_max_digits = true, .max_digits = (x) /* of a decimal */
#define CITO_OPT_decimal_places(x) .has_decimal_places = true, .decimal_places = (x)
#define CITO_OPT_allow_inf_nan(x) .finite = !(x)
#define CITO_OPT_pattern(x) .pattern = x /* PCRE2; found anywhere unless it says ^ and $ */
#define CITO_OPT_strict .strict = true   /* no coercion: "1" is not 1 */
#define CITO_OPT_alias(x) .alias = x
#define CITO_OPT_title(x) .title = x
#define CITO_OPT_description(x) .description = x
#define CITO_OPT_example(...) .example_json = #__VA_ARGS__
#define CITO_OPT_examples(...) .examples_json = "[" #__VA_ARGS__ "]"
#define CITO_OPT_default(...) .default_json = #__VA_ARGS__ /* JSON: default("medium"), default([]), default(null) */
#define CITO_OPT_required .required = true /* of an opt: null may be given, but something must */
#define CITO_OPT_deprecated .deprecated = true
#define CITO_OPT_include_in_schema(x) .exclude_from_schema = !(x)
#define CITO_OPT_convert_underscores(x) .convert_underscores_off = !(x) /* of a header: x_token is X-Token unless false */
#define CITO_OPT_embed .embed = true
#define CITO_OPT_no_cache .use_cache_off = true
#define CITO_OPT_flatten .flatten = true /* the fields of this model stand in its owner's object, as inherited ones do */
#define CITO_OPT_exclude .exclude = true /* read, never written */
#define CITO_OPT_after(f) .after = &f##_validator
#define CITO_OPT_before(f) .before = &f##_validator
#define CITO_OPT_args .all_args = true     /* (any, rest, args): a task's further positional arguments, an array */
#define CITO_OPT_kwargs .all_kwargs = true /* (any, named, kwargs): its further named ones, an object */
#define CITO_OPT_path .location = CITO_IN_PATH
#define CITO_OPT_query .location = CITO_IN_QUERY
#define CITO_OPT_header .location = CITO_IN_HEADER
#define CITO_OPT_cookie .location = CITO_IN_COOKIE
#define CITO_OPT_form .location = CITO_IN_FORM
#define CITO_OPT_file .location = CITO_IN_FORM
#define CITO_OPT_body .location = CITO_IN_BODY

/* ---- descriptors: each an array of one, so that its name is an address constant --------------------------------------------- */
extern const cito_type cito_t_int[1], cito_t_int64[1], cito_t_double[1], cito_t_bool[1], cito_t__Bool[1], cito_t_str[1], cito_t_bytes[1],
    cito_t_secret[1], cito_t_email[1], cito_t_url[1], cito_t_any_url[1], cito_t_decimal[1], cito_t_date[1], cito_t_time[1], cito_t_datetime[1],
    cito_t_timedelta[1], cito_t_uuid[1], cito_t_any[1], cito_t_none[1], cito_t_file[1];

/* opt of a word whose C type is a pointer is that pointer: file->filename, not (*file)->filename. */
#define cito_c_opt(T) CITO_CAT(CITO_OPT_C_, CITO_SECOND(CITO_CAT(CITO_POINTER_, T)))(T)
#define CITO_OPT_C_0(T) const cito_c_##T *
#define CITO_OPT_C_1(T) cito_c_##T
#define CITO_POINTER_file ~, 1
#define CITO_POINTER_any ~, 1
#define cito_c_list(T) cito_list_##T
#define cito_c_set(T) cito_list_##T
#define cito_c_dict(...) CITO_CAT(CITO_DICT_C, __VA_OPT__(CITO_DICT_ARITY(__VA_ARGS__)))(__VA_ARGS__)
#define cito_t_dict(...) CITO_CAT(CITO_DICT_T, __VA_OPT__(CITO_DICT_ARITY(__VA_ARGS__)))(__VA_ARGS__)
#define CITO_DICT_ARITY(...) CITO_DICT_ARITY_(__VA_ARGS__, 2, 1, 0)
#define CITO_DICT_ARITY_(A, B, N, ...) N
#define CITO_DICT_C1(T) cito_dict_##T
#define CITO_DICT_C2(K, T) CITO_KEYS_##K##_DICT(T)
#define CITO_KEYS_int_DICT(T) cito_int_dict_##T
#define CITO_KEYS_int64_DICT(T) cito_int_dict_##T
#define CITO_KEYS_str_DICT(T) cito_dict_##T
#define cito_t_opt(T) ((const cito_type[]){ { .kind = CITO_KIND_OPTIONAL, .size = sizeof(void *), .element = cito_t_##T } })
#define cito_t_list(T) ((const cito_type[]){ { .kind = CITO_KIND_LIST, .size = sizeof(cito_list_##T), .element = cito_t_##T } })
#define cito_t_set(T) ((const cito_type[]){ { .kind = CITO_KIND_SET, .size = sizeof(cito_list_##T), .element = cito_t_##T } })
#define CITO_DICT_T1(T) ((const cito_type[]){ { .kind = CITO_KIND_DICT, .size = sizeof(cito_dict_##T), .element = cito_t_##T } })
#define CITO_DICT_T2(K, T) CITO_KEYS_##K##_TYPE(T)
#define CITO_KEYS_int_TYPE(T) ((const cito_type[]){ { .kind = CITO_KIND_INT_DICT, .size = sizeof(cito_int_dict_##T), .element = cito_t_##T } })
#define CITO_KEYS_int64_TYPE(T) CITO_KEYS_int_TYPE(T)
#define CITO_KEYS_str_TYPE(T) CITO_DICT_T1(T)
#define CITO_C(T) cito_c_##T
#define CITO_T(T) cito_t_##T

/* A dependency's value that is no data: a connection, a session. CITO_OPAQUE(Database, Database *); */
#define CITO_OPAQUE(NAME, CTYPE)                                                                                                   \
    typedef CTYPE cito_c_##NAME;                                                                                                   \
    static const cito_type cito_t_##NAME[1] __attribute__((unused)) = { { .kind = CITO_KIND_CONTEXT, .name = #NAME, .size = sizeof(cito_c_##NAME) } }
