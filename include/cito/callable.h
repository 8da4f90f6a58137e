/* Callables: an ordinary typed C function that carries its own description. CITO_DEF runs in the thread pool, like Python's `def`;
 * CITO_ASYNC_DEF on the event loop, like `async def`. Both stay callable as plain C under their own name.
 *
 *     CITO_DEF(Item, read_item, (int, item_id, ge(1)), (opt(str), q)) { … }
 *
 * declares, beside the function: read_item_callable (the description), read_item_args (its parameters as a struct) and
 * read_item_result. Source: FastAPI, "Concurrency and async / await". */
#pragma once
#include <cito/model.h>

/* One address per translation unit: decorators find the callable that follows them in their own unit. */
static const char cito_unit_[1] __attribute__((unused)) = "";

struct cito_callable {
    const char *name, *file;
    const char *unit; /* the translation unit */
    int line, order;  /* order: __COUNTER__, so that decorators find their function whatever the order of constructors */
    bool is_async;
    const cito_type *returns;
    const cito_field *params;
    size_t param_count, args_size, result_size;
    void (*invoke)(const void *args, void *result);
    struct cito_callable_plan **plan; /* what the library derives from it, once */
};
typedef struct cito_callable_node {
    const cito_callable *callable;
    struct cito_callable_node *next; /* private */
} cito_callable_node;
void cito_declare_callable(cito_callable_node *);

/* Values that cito gives to a parameter that asks for them. */
typedef struct cito_request cito_request;
typedef struct cito_response cito_response;
typedef struct cito_background cito_background;
typedef cito_request *cito_c_request;
typedef cito_response *cito_c_response;
typedef cito_background *cito_c_background;
extern const cito_type cito_t_request[1], cito_t_response[1], cito_t_background[1];

#define cito_c_depends(F) F##_result
#define cito_t_depends(F) ((const cito_type[]){ { .kind = CITO_KIND_DEPENDS, .size = sizeof(F##_result), .dependency = &F##_callable } })

#define CITO_PROTO(C, F) CITO_PROTO_ F
#define CITO_PROTO_(T, NAME, ...) , __attribute__((unused)) CITO_C(T) NAME /* as in Python: a parameter may stay unread */
#define CITO_ARG(C, F) CITO_ARG_ F
#define CITO_ARG_(T, NAME, ...) , cito_args_->NAME
#define CITO_PARAMS_(...) void
#define CITO_PARAMS_1(...) CITO_TAIL(~CITO_EACH(CITO_PROTO, , __VA_ARGS__))
#define CITO_SIGNATURE(R, NAME, ...) CITO_C(R) NAME(CITO_CAT(CITO_PARAMS_, __VA_OPT__(1))(__VA_ARGS__))
/* Only `none` needs a different invoke; a word with parentheses, opt(T), is never none. */
#define CITO_NONE_none ~, 1
#define CITO_NONE_opt(T) ~, 0
#define CITO_NONE_list(T) ~, 0
#define CITO_NONE_set(T) ~, 0
#define CITO_NONE_dict(...) ~, 0
#define CITO_IS_NONE(R) CITO_SECOND(CITO_NONE_##R)
typedef struct {
    char unused;
} cito_nothing; /* what awaiting a `none` gives */
#define CITO_RESULT_0(R) CITO_C(R)
#define CITO_RESULT_1(R) cito_nothing
#define CITO_STORE_0(R) *(CITO_C(R) *)cito_result_ =
#define CITO_STORE_1(R)
typedef struct cito_started cito_started; /* a callable that runs beside this one: see cito/concurrency.h */

#define CITO_TYPES(R, NAME, ...)                                                                                                   \
    typedef CITO_CAT(CITO_RESULT_, CITO_IS_NONE(R))(R) NAME##_result;                                                              \
    typedef struct {                                                                                                               \
        CITO_EACH(CITO_MEMBER, , __VA_ARGS__)                                                                                      \
    } NAME##_args;                                                                                                                 \
    typedef struct {                                                                                                               \
        cito_started *handle;                                                                                                      \
        NAME##_result *type; /* never read: it carries the result's type */                                                        \
    } NAME##_future;                                                                                                               \
    typedef struct {                                                                                                               \
        cito_str id;                                                                                                               \
        NAME##_result *type;                                                                                                       \
        const cito_callable *task;                                                                                                 \
    } NAME##_async_result
#define CITO_DESCRIBE(ASYNC, R, NAME, ...)                                                                                         \
    CITO_TYPES(R, NAME, __VA_ARGS__);                                                                                              \
    __attribute__((unused)) static CITO_SIGNATURE(R, NAME, __VA_ARGS__);                                                           \
    CITO_DESCRIPTION(static, ASYNC, R, NAME, __VA_ARGS__);                                                                         \
    static CITO_SIGNATURE(R, NAME, __VA_ARGS__)
#define CITO_DESCRIPTION(LINKAGE, ASYNC, R, NAME, ...)                                                                             \
    static void NAME##_invoke(const void *cito_packed_, void *cito_result_)                                                        \
    {                                                                                                                              \
        const NAME##_args *cito_args_ = cito_packed_;                                                                              \
        (void)cito_args_, (void)cito_result_;                                                                                      \
        CITO_CAT(CITO_STORE_, CITO_IS_NONE(R))(R) NAME(CITO_TAIL(~CITO_EACH(CITO_ARG, , __VA_ARGS__)));                            \
    }                                                                                                                              \
    static const cito_field NAME##_params[] = { CITO_EACH(CITO_FIELD, NAME##_args, __VA_ARGS__){ .name = NULL } };                 \
    static struct cito_callable_plan *NAME##_plan;                                                                                 \
    LINKAGE const cito_callable NAME##_callable = { .name = #NAME,                                                                 \
                                                    .file = __FILE__,                                                              \
                                                    .unit = cito_unit_,                                                            \
                                                    .line = __LINE__,                                                              \
                                                    .order = __COUNTER__,                                                          \
                                                    .is_async = ASYNC,                                                             \
                                                    .returns = CITO_T(R),                                                          \
                                                    .params = NAME##_params,                                                       \
                                                    .param_count = sizeof NAME##_params / sizeof *NAME##_params - 1,               \
                                                    .args_size = sizeof(NAME##_args),                                              \
                                                    .result_size = sizeof(NAME##_result),                                          \
                                                    .invoke = NAME##_invoke,                                                       \
                                                    .plan = &NAME##_plan };                                                        \
    __attribute__((constructor)) static void NAME##_declare(void)                                                                  \
    {                                                                                                                              \
        static cito_callable_node node = { .callable = &NAME##_callable };                                                         \
        cito_declare_callable(&node);                                                                                              \
    }                                                                                                                              \
    struct cito_callable

#define CITO_DEF(R, NAME, ...) CITO_DESCRIBE(false, R, NAME, __VA_ARGS__)
#define CITO_ASYNC_DEF(R, NAME, ...) CITO_DESCRIBE(true, R, NAME, __VA_ARGS__)
/* A callable of several files: CITO_DECLARE stands in the header, as a prototype does, CITO_EXTERN_DEF in one file. */
#define CITO_DECLARE(R, NAME, ...)                                                                                                 \
    CITO_TYPES(R, NAME, __VA_ARGS__);                                                                                              \
    extern const cito_callable NAME##_callable;                                                                                    \
    CITO_SIGNATURE(R, NAME, __VA_ARGS__)
#define CITO_EXTERN_DEF(R, NAME, ...)                                                                                              \
    CITO_DESCRIPTION(, false, R, NAME, __VA_ARGS__);                                                                               \
    CITO_SIGNATURE(R, NAME, __VA_ARGS__)
#define CITO_EXTERN_ASYNC_DEF(R, NAME, ...)                                                                                        \
    CITO_DESCRIPTION(, true, R, NAME, __VA_ARGS__);                                                                                \
    CITO_SIGNATURE(R, NAME, __VA_ARGS__)
