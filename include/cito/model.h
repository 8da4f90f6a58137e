/* Records: models, enums, literals, unions, tuples, annotated words, validators; and lists and models made in C.
 *
 * A model may be declared in a header that several files include: each file has its own descriptor, cito treats equal ones as one.
 * At most 64 fields; flatten another model into it for more. Source: FastAPI, "Request Body", "Body - Fields"; pydantic, "Models". */
#pragma once
#include <cito/type.h>

/* The macro that takes a field apart has the rule for its name: it is what the compiler quotes. */
#define CITO_MEMBER(REC, F) CITO_each_field_is_in_parentheses_TYPE_comma_NAME F
#define CITO_each_field_is_in_parentheses_TYPE_comma_NAME(T, NAME, ...) CITO_C(T) NAME;
#define CITO_FIELD(REC, F) CITO_FIELD_1(REC, CITO_UNWRAP F)
#define CITO_FIELD_1(REC, ...) CITO_FIELD_2(REC, __VA_ARGS__)
#define CITO_FIELD_2(REC, T, NAME, ...) { .name = #NAME, .type = CITO_T(T), .offset = offsetof(REC, NAME) __VA_OPT__(, ) CITO_OPTS(__VA_ARGS__) },
#define CITO_RECORD_OF(KIND, NAME)                                                                                                 \
    .kind = KIND, .name = #NAME, .size = sizeof(NAME), .fields = NAME##_fields,                                                    \
    .field_count = sizeof NAME##_fields / sizeof *NAME##_fields, .plan = &NAME##_plan, .file = __FILE__, .line = __LINE__

/* CITO_MODEL(Item, (str, name, min_length(1)), (opt(str), description)); makes the struct Item and the word Item. Beside its fields
 * the struct has fields_set: bit i says that field i was given. */
#define CITO_MODEL(NAME, ...)                                                                                                      \
    typedef struct NAME NAME;                                                                                                      \
    typedef NAME cito_c_##NAME;                                                                                                    \
    CITO_LIST_OF(NAME);                                                                                                            \
    CITO_DICT_LATER(NAME);                                                                                                         \
    static const cito_type cito_t_##NAME[1];                                                                                       \
    struct NAME {                                                                                                                  \
        CITO_EACH(CITO_MEMBER, NAME, __VA_ARGS__) uint64_t fields_set;                                                             \
    };                                                                                                                             \
    CITO_DICT_ITEM(NAME);                                                                                                          \
    static const cito_field NAME##_fields[] = { CITO_EACH(CITO_FIELD, NAME, __VA_ARGS__) };                                        \
    _Static_assert(sizeof NAME##_fields / sizeof *NAME##_fields <= 64,                                                             \
                   "cito: a model has at most 64 fields; flatten another model into it");                                          \
    static struct cito_type_plan *NAME##_plan;                                                                                     \
    static const cito_type cito_t_##NAME[1]                                                                                        \
        __attribute__((unused)) = { { CITO_RECORD_OF(CITO_KIND_MODEL, NAME), .tail_offset = offsetof(NAME, fields_set) } }

/* CITO_ENUM(Size, small, (extra_large, "extra large")); makes the enum Size { Size_small, Size_extra_large } and the word Size. */
#define CITO_ENUM(NAME, ...) CITO_ENUM_AS(NAME, #NAME, __VA_ARGS__)
/* Literal["a", "b"]: an enum without a name of its own in the document; its error is literal_error. */
#define CITO_LITERAL(NAME, ...) CITO_ENUM_AS(NAME, NULL, __VA_ARGS__)
#define CITO_ENUM_AS(NAME, TITLE, ...)                                                                                             \
    typedef enum NAME { CITO_EACH(CITO_ENUM_CONST, NAME, __VA_ARGS__) } NAME;                                                      \
    typedef NAME cito_c_##NAME;                                                                                                    \
    CITO_COLLECTIONS_OF(NAME);                                                                                                     \
    static const char *const NAME##_members[] = { CITO_EACH(CITO_ENUM_NAME, NAME, __VA_ARGS__) NULL };                             \
    static struct cito_type_plan *NAME##_plan;                                                                                     \
    static const cito_type cito_t_##NAME[1] __attribute__((unused)) = {                                                            \
        { .kind = CITO_KIND_ENUM, .name = TITLE, .size = sizeof(NAME), .members = NAME##_members, .plan = &NAME##_plan, .file = __FILE__, .line = __LINE__ } \
    }
#define CITO_ENUM_CONST(E, M) CITO_CAT(CITO_ENUM_CONST_, CITO_IS_PAREN(M))(E, M)
#define CITO_ENUM_CONST_0(E, M) E##_##M,
#define CITO_ENUM_CONST_1(E, M) CITO_ENUM_CONST_2(E, CITO_UNWRAP M)
#define CITO_ENUM_CONST_2(...) CITO_ENUM_CONST_3(__VA_ARGS__)
#define CITO_ENUM_CONST_3(E, NAME, TEXT) E##_##NAME,
#define CITO_ENUM_NAME(E, M) CITO_CAT(CITO_ENUM_NAME_, CITO_IS_PAREN(M))(E, M)
#define CITO_ENUM_NAME_0(E, M) #M,
#define CITO_ENUM_NAME_1(E, M) CITO_ENUM_NAME_2(E, CITO_UNWRAP M)
#define CITO_ENUM_NAME_2(...) CITO_ENUM_NAME_3(__VA_ARGS__)
#define CITO_ENUM_NAME_3(E, NAME, TEXT) TEXT,

/* CITO_UNION(Pet, "pet_type", (cat, Cat), (dog, Dog)); a union of models told apart by one field, which holds the member's name:
 * NAME.tag, NAME.as.MEMBER. With NULL for the field the value is tried against each member, the closest wins (pydantic's smart mode);
 * members may then be any words. */
#define CITO_UNION(NAME, DISCRIMINATOR, ...)                                                                                       \
    typedef struct NAME {                                                                                                          \
        enum { CITO_EACH(CITO_UNION_CONST, NAME, __VA_ARGS__) } tag;                                                               \
        union {                                                                                                                    \
            CITO_EACH(CITO_UNION_MEMBER, NAME, __VA_ARGS__)                                                                        \
        } as;                                                                                                                      \
    } NAME;                                                                                                                        \
    typedef NAME cito_c_##NAME;                                                                                                    \
    CITO_COLLECTIONS_OF(NAME);                                                                                                     \
    static const cito_field NAME##_fields[] = { CITO_EACH(CITO_UNION_FIELD, NAME, __VA_ARGS__) };                                  \
    static struct cito_type_plan *NAME##_plan;                                                                                     \
    static const cito_type cito_t_##NAME[1] __attribute__((unused)) = {                                                            \
        { CITO_RECORD_OF(CITO_KIND_UNION, NAME), .discriminator = DISCRIMINATOR, .tail_offset = offsetof(NAME, as) }               \
    }
#define CITO_UNION_CONST(U, M) CITO_UNION_CONST_(U, CITO_UNWRAP M)
#define CITO_UNION_CONST_(...) CITO_UNION_CONST_1(__VA_ARGS__)
#define CITO_UNION_CONST_1(U, TAG, T) U##_##TAG,
#define CITO_UNION_MEMBER(U, M) CITO_UNION_MEMBER_ M
#define CITO_UNION_MEMBER_(TAG, T) CITO_C(T) TAG;
#define CITO_UNION_FIELD(U, M) CITO_UNION_FIELD_ M
#define CITO_UNION_FIELD_(TAG, T) { .name = #TAG, .type = CITO_T(T) },

/* CITO_TUPLE(Range, (int, low), (int, high)); in JSON an array of exactly these, in C a struct. */
#define CITO_TUPLE(NAME, ...)                                                                                                      \
    typedef struct NAME {                                                                                                          \
        CITO_EACH(CITO_MEMBER, NAME, __VA_ARGS__)                                                                                  \
    } NAME;                                                                                                                        \
    typedef NAME cito_c_##NAME;                                                                                                    \
    CITO_COLLECTIONS_OF(NAME);                                                                                                     \
    static const cito_field NAME##_fields[] = { CITO_EACH(CITO_FIELD, NAME, __VA_ARGS__) };                                        \
    static struct cito_type_plan *NAME##_plan;                                                                                     \
    static const cito_type cito_t_##NAME[1] __attribute__((unused)) = { { CITO_RECORD_OF(CITO_KIND_TUPLE, NAME) } }

/* A type word with constraints of its own, as Annotated[str, Field(...)]; it also names what has no word: list(Point). */
#define CITO_ANNOTATED(NAME, T, ...)                                                                                               \
    typedef CITO_C(T) cito_c_##NAME;                                                                                               \
    typedef cito_c_##NAME NAME;                                                                                                    \
    CITO_COLLECTIONS_OF(NAME);                                                                                                     \
    static const cito_field NAME##_annotated[1] = { { .name = #NAME __VA_OPT__(, ) CITO_OPTS(__VA_ARGS__) } };                     \
    static const cito_type cito_t_##NAME[1] __attribute__((unused)) = {                                                            \
        { .kind = CITO_KIND_ANNOTATED, .name = #NAME, .size = sizeof(NAME), .element = CITO_T(T), .annotated = NAME##_annotated, .file = __FILE__, .line = __LINE__ } \
    }

/* ---- what a model and a field say beside their types ----------------------------------------------------------------------- */
typedef enum cito_extra { CITO_EXTRA_IGNORE, CITO_EXTRA_FORBID } cito_extra;
typedef struct cito_model_config {
    const cito_type *model;
    const char *title, *description, *example_json;
    cito_extra extra;
    bool strict;
    struct cito_model_config *next; /* private: the library's list */
} cito_model_config;
typedef struct cito_model_validator {
    const cito_type *model;
    cito_validator validator;
    struct cito_model_validator *next; /* private */
} cito_model_validator;
void cito_declare_model_config(cito_model_config *);
void cito_declare_model_validator(cito_model_validator *);

/* CITO_MODEL_CONFIG(Signup, .extra = CITO_EXTRA_FORBID, .title = "Sign-up form"); */
#define CITO_MODEL_CONFIG(NAME, ...)                                                                                               \
    __attribute__((constructor)) static void NAME##_configure(void)                                                                \
    {                                                                                                                              \
        static cito_model_config config = { .model = cito_t_##NAME, __VA_ARGS__ };                                                 \
        cito_declare_model_config(&config);                                                                                        \
    }                                                                                                                              \
    struct cito_model_config

/* CITO_VALIDATOR(str, not_reserved, name) { return cito_str_equal(*name, "root") ? "this name is reserved" : NULL; }
 * then (str, name, after(not_reserved)). The message is the text of a value_error; it may be made with cito_format(…).data. */
#define CITO_VALIDATOR(T, NAME, VALUE)                                                                                             \
    static const char *NAME(cito_c_##T *VALUE);                                                                                    \
    static const char *NAME##_check(void *value) { return NAME(value); }                                                           \
    static const cito_validator NAME##_validator = { #NAME, NAME##_check };                                                        \
    static const char *NAME(cito_c_##T *VALUE)
/* The same for a whole model, after its fields: declared once, used wherever the model is read. */
#define CITO_MODEL_VALIDATOR(MODEL, NAME, VALUE)                                                                                   \
    static const char *NAME(MODEL *VALUE);                                                                                         \
    static const char *NAME##_check(void *value) { return NAME(value); }                                                           \
    __attribute__((constructor)) static void NAME##_declare(void)                                                                  \
    {                                                                                                                              \
        static cito_model_validator validator = { .model = cito_t_##MODEL, .validator = { #NAME, NAME##_check } };                 \
        cito_declare_model_validator(&validator);                                                                                  \
    }                                                                                                                              \
    static const char *NAME(MODEL *VALUE)

/* ---- lists, dicts and models made in C -------------------------------------------------------------------------------------- */
/* cito_list(str, a, b): a list in the request's memory. */
#define cito_list(T, ...) CITO_LIST_(__COUNTER__, T __VA_OPT__(, ) __VA_ARGS__)
#define CITO_LIST_(N, T, ...) CITO_LIST_NAMED(CITO_CAT(items_, N), T __VA_OPT__(, ) __VA_ARGS__)
#define CITO_LIST_NAMED(ITEMS, T, ...) \
    ({                                                                                                                             \
        const cito_c_##T ITEMS[] = { __VA_ARGS__ };                                                                                \
        (cito_list_##T){ cito_copy(ITEMS, sizeof ITEMS), sizeof ITEMS / sizeof *ITEMS };                                           \
    })
/* cito_append(&list, item): one more, in the request's memory; also of a dict: cito_append(&dict, { .key = …, .value = … }). */
#define cito_append(LIST, ...) CITO_APPEND_(__COUNTER__, LIST __VA_OPT__(, ) __VA_ARGS__)
#define CITO_APPEND_(N, LIST, ...) CITO_APPEND_NAMED(CITO_CAT(list_, N), CITO_CAT(item_, N), CITO_CAT(grown_, N), CITO_CAT(new_, N), LIST __VA_OPT__(, ) __VA_ARGS__)
#define CITO_APPEND_NAMED(TO, ITEM, GROWN, NEW, LIST, ...) \
    ({                                                                                                                             \
        __auto_type TO = (LIST);                                                                                                   \
        __typeof__(({ __auto_type ITEM = *TO->items; ITEM; })) *GROWN = cito_grow(TO->items, TO->count, sizeof *GROWN), NEW = __VA_ARGS__;\
        GROWN[TO->count++] = NEW;                                                                                                  \
        TO->items = GROWN;                                                                                                         \
        (void)0;                                                                                                                   \
    })
void *cito_grow(const void *items, size_t count, size_t item_size); /* room for one more; doubles at powers of two */
void *cito_copy(const void *items, size_t size);
/* An optional that is there: item.tax = cito_some(double, 0.0). */
#define cito_some(T, ...) CITO_SOME_(__COUNTER__, T __VA_OPT__(, ) __VA_ARGS__)
#define CITO_SOME_(N, T, ...) CITO_SOME_NAMED(CITO_CAT(some_, N), T __VA_OPT__(, ) __VA_ARGS__)
#define CITO_SOME_NAMED(SOME, T, ...) \
    ({                                                                                                                             \
        cito_c_##T *SOME = cito_alloc(sizeof *SOME);                                                                               \
        *SOME = (cito_c_##T)__VA_ARGS__;                                                                                           \
        (const cito_c_##T *)SOME;                                                                                                  \
    })
void *cito_alloc(size_t size);

/* A model made in C with its defaults, that knows which fields were set: cito_new(Item, .name = name, .price = 2). */
struct cito_named {
    const char *text;
    uint64_t mask;
};
void cito_model_complete(const cito_type *, void *model, struct cito_named *);
#define cito_new(MODEL, ...) CITO_NEW_(__COUNTER__, MODEL __VA_OPT__(, ) __VA_ARGS__)
#define CITO_NEW_(N, MODEL, ...) CITO_NEW_NAMED(CITO_CAT(made_, N), CITO_CAT(named_, N), MODEL __VA_OPT__(, ) __VA_ARGS__)
#define CITO_NEW_NAMED(MADE, NAMED, MODEL, ...) \
    ({                                                                                                                             \
        MODEL MADE = { __VA_ARGS__ };                                                                                              \
        static struct cito_named NAMED = { #__VA_ARGS__, 0 };                                                                      \
        cito_model_complete(cito_t_##MODEL, &MADE, &NAMED);                                                                        \
        MADE;                                                                                                                      \
    })
bool cito_model_is_set(const cito_type *, const void *model, const char *field);
/* The fields that were set in the patch, by name, flattened ones too: model_copy(update=patch.model_dump(exclude_unset=True)). */
#define cito_patch(TO, TARGET, FROM, PATCH) cito_model_patch(cito_t_##TO, (TO *){ TARGET }, cito_t_##FROM, (const FROM *){ PATCH })
void cito_model_patch(const cito_type *to, void *target, const cito_type *from, const void *patch);
/* A TO from the fields of equal names: cito_convert(UserIn, UserOut, &user). */
#define cito_convert(FROM, TO, ...) CITO_CONVERT_(__COUNTER__, FROM, TO __VA_OPT__(, ) __VA_ARGS__)
#define CITO_CONVERT_(N, FROM, TO, ...) CITO_CONVERT_NAMED(CITO_CAT(target_, N), FROM, TO __VA_OPT__(, ) __VA_ARGS__)
#define CITO_CONVERT_NAMED(TARGET, FROM, TO, ...) \
    ({                                                                                                                             \
        TO TARGET;                                                                                                                 \
        cito_model_convert(cito_t_##FROM, (const FROM *){ __VA_ARGS__ }, cito_t_##TO, &TARGET);                                    \
        TARGET;                                                                                                                    \
    })
void cito_model_convert(const cito_type *from, const void *source, const cito_type *to, void *target);
/* A copy with all it points to, which outlives the request; cito_free ends it. */
#define cito_dup(MODEL, ...) ((MODEL *)cito_model_dup(cito_t_##MODEL, (const MODEL *){ __VA_ARGS__ }))
#define cito_free(MODEL, KEPT) cito_model_free(cito_t_##MODEL, (MODEL *){ KEPT })
void *cito_model_dup(const cito_type *, const void *model);
void cito_model_free(const cito_type *, void *model);
/* The model as a JSON value (model_dump), a list of them, and back from text; cito_parse raises 422 with the errors. */
#define cito_dump(MODEL, VALUE) cito_dump_model(cito_t_##MODEL, (const MODEL *){ VALUE })
#define cito_dump_list(T, LIST) CITO_DUMP_LIST_(__COUNTER__, T, LIST)
#define CITO_DUMP_LIST_(N, T, LIST) CITO_DUMP_LIST_NAMED(CITO_CAT(dumped_, N), T, LIST)
#define CITO_DUMP_LIST_NAMED(DUMPED, T, LIST) \
    ({                                                                                                                             \
        cito_list_##T DUMPED = (LIST);                                                                                             \
        cito_dump_list_of(cito_t_##T, DUMPED.items, DUMPED.count);                                                                 \
    })
#define cito_parse(MODEL, JSON) CITO_PARSE_(__COUNTER__, MODEL, JSON)
#define CITO_PARSE_(N, MODEL, JSON) CITO_PARSE_NAMED(CITO_CAT(parsed_, N), MODEL, JSON)
#define CITO_PARSE_NAMED(PARSED, MODEL, JSON) \
    ({                                                                                                                             \
        MODEL PARSED;                                                                                                              \
        cito_model_parse(cito_t_##MODEL, JSON, &PARSED);                                                                           \
        PARSED;                                                                                                                    \
    })
const cito_value *cito_dump_model(const cito_type *, const void *model);
const cito_value *cito_dump_list_of(const cito_type *, const void *items, size_t count);
void cito_model_parse(const cito_type *, const char *json, void *into);
/* The text of an enum's member. */
#define cito_name(ENUM, X) cito_enum_name(cito_t_##ENUM, X)
cito_str cito_enum_name(const cito_type *, int value);
