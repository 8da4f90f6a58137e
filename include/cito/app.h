/* Applications, routers, and the decorators that give a callable its role. A decorator stands directly before its callable; several may
 * stand one after the other. What the compiler cannot see is refused at start with file, line and what to do.
 * Source: FastAPI, "First Steps", "Bigger Applications", "Path Operation Configuration", "Lifespan Events". */
#pragma once
#include <cito/callable.h>

typedef struct cito_depends {
    const cito_callable *callable;
    const char *scopes;
    bool no_cache;
} cito_depends;
typedef cito_depends cito_callables[8]; /* ends with the first whose callable is NULL, or full */
#define CITO_DEPENDS(F, ...) { .callable = &F##_callable __VA_OPT__(, ) __VA_ARGS__ }

typedef struct cito_response_class {
    const char *name, *media_type;
} cito_response_class;
extern const cito_response_class cito_class_json[1], cito_class_html[1], cito_class_plain[1], cito_class_redirect[1];

typedef struct cito_response_doc {
    int status_code;
    const char *description;
    const cito_type *model;
    const char *media_type;
} cito_response_doc;

/* An application or a router; the fields are FastAPI's and APIRouter's. Strings are borrowed: literals, as a rule. */
typedef struct cito_router cito_router;
typedef struct cito_contact {
    const char *name, *url, *email;
} cito_contact;
typedef struct cito_license_info {
    const char *name, *identifier, *url;
} cito_license_info;
typedef struct cito_server_doc {
    const char *url, *description;
} cito_server_doc;
typedef struct cito_openapi_tag {
    const char *name, *description, *external_docs_url, *external_docs_description;
} cito_openapi_tag;
struct cito_router {
    const char *title, *version, *summary, *description, *terms_of_service; /* title NULL: "FastAPI"'s default is cito's too */
    const char *prefix, *root_path;
    const char *openapi_url, *docs_url, *redoc_url; /* NULL: /openapi.json, /docs, /redoc; "": none */
    const char *swagger_ui_parameters;              /* a JSON object */
    const char *tags[8];
    cito_callables dependencies;
    cito_response_doc responses[8];
    cito_contact contact;
    cito_license_info license_info;
    cito_server_doc servers[8];
    cito_openapi_tag openapi_tags[16];
    const cito_response_class *default_response_class;
    bool is_app, deprecated, exclude_from_schema, redirect_slashes_off;
    const char *file;
    int line;
};

typedef enum cito_role {
    CITO_ROLE_ROUTE,
    CITO_ROLE_MIDDLEWARE,
    CITO_ROLE_LIFESPAN,
    CITO_ROLE_STARTUP,
    CITO_ROLE_SHUTDOWN,
    CITO_ROLE_EXCEPTION,
    CITO_ROLE_CACHED,
    CITO_ROLE_TASK
} cito_role;

typedef struct cito_decorator cito_decorator;
struct cito_decorator {
    cito_role role;
    void *owner; /* the cito_router, NULL for CITO_CACHED */
    const char *method, *path, *name, *file, *unit;
    const char *text; /* the options as written */
    int line, order;
    int status_code; /* 0: 200; of an exception handler: which status */
    const char *summary, *description, *response_description, *operation_id, *tags[8];
    cito_callables dependencies;
    const cito_type *response_model; /* where it is narrower than what the function returns: CITO_T(UserOut) */
    const cito_response_class *response_class;
    cito_response_doc responses[8];
    const char *openapi_extra; /* a JSON object, merged into the operation */
    bool deprecated, exclude_from_schema, response_model_exclude_unset, response_model_exclude_none, response_model_exclude_defaults;
    /* tasks: see cito/tasks.h */
    int max_retries, priority;  /* max_retries 0: 3; negative: without end */
    double default_retry_delay, retry_backoff_max, time_limit, soft_time_limit; /* seconds; 0: 180, 600, none, none */
    bool acks_late, reject_on_worker_lost, ignore_result, track_started, retry_backoff, retry_jitter_off, autoretry;
    const char *rate_limit, *queue;
    int flush_every;       /* more than 0: a task of batches, of at most so many messages */
    double flush_interval; /* seconds that the first of a batch waits for others; 0: 1 */
    unsigned sequence;    /* private, as what follows */
    cito_decorator *next;
};
void cito_declare_decorator(cito_decorator *);
/* For the library's own layers: all decorators in the order of declaration, and the callable that one stands before (NULL: none). */
const cito_decorator *cito_registry_decorators(void);
const cito_callable *cito_registry_decorated(const cito_decorator *);

#define CITO_DECORATE(ROLE, OWNER, ...) CITO_DECORATE_1(__COUNTER__, ROLE, OWNER, __VA_ARGS__)
#define CITO_DECORATE_1(N, ROLE, OWNER, ...) CITO_DECORATE_2(N, CITO_CAT(cito_decorator_, N), ROLE, OWNER, __VA_ARGS__)
#define CITO_DECORATE_2(N, ID, ROLE, OWNER, ...)                                                                                   \
    static cito_decorator ID = { .role = ROLE, .owner = OWNER, .file = __FILE__, .unit = cito_unit_, .line = __LINE__, .order = N, \
                                 .text = #__VA_ARGS__ __VA_OPT__(, ) __VA_ARGS__ };                                                \
    __attribute__((constructor)) static void CITO_CAT(ID, _declare)(void) { cito_declare_decorator(&ID); }
#define CITO_ROUTE(METHOD, APP, PATH, ...) CITO_DECORATE(CITO_ROLE_ROUTE, &(APP), .method = METHOD, .path = PATH __VA_OPT__(, ) __VA_ARGS__)
/* CITO_GET(app, "/items/{item_id}", .summary = "One item") before CITO_DEF or CITO_ASYNC_DEF. */
#define CITO_GET(APP, ...) CITO_ROUTE("GET", APP, __VA_ARGS__)
#define CITO_POST(APP, ...) CITO_ROUTE("POST", APP, __VA_ARGS__)
#define CITO_PUT(APP, ...) CITO_ROUTE("PUT", APP, __VA_ARGS__)
#define CITO_PATCH(APP, ...) CITO_ROUTE("PATCH", APP, __VA_ARGS__)
#define CITO_DELETE(APP, ...) CITO_ROUTE("DELETE", APP, __VA_ARGS__)
#define CITO_HEAD(APP, ...) CITO_ROUTE("HEAD", APP, __VA_ARGS__)
#define CITO_OPTIONS(APP, ...) CITO_ROUTE("OPTIONS", APP, __VA_ARGS__)
#define CITO_TRACE(APP, ...) CITO_ROUTE("TRACE", APP, __VA_ARGS__)
/* CITO_ASYNC_DEF(response, name, (request, request)) that calls cito_call_next(request): around every request, the last declared outermost. */
#define CITO_MIDDLEWARE(APP) CITO_DECORATE(CITO_ROLE_MIDDLEWARE, &(APP))
/* CITO_ASYNC_DEF(none, name) that calls cito_lifespan_yield() once: before it start-up, behind it shutdown; once per worker. */
#define CITO_LIFESPAN(APP) CITO_DECORATE(CITO_ROLE_LIFESPAN, &(APP))
#define CITO_ON_STARTUP(APP) CITO_DECORATE(CITO_ROLE_STARTUP, &(APP))
#define CITO_ON_SHUTDOWN(APP) CITO_DECORATE(CITO_ROLE_SHUTDOWN, &(APP))
/* CITO_DEF(response, name, (request, request)) that answers in place of an error of that status. */
#define CITO_EXCEPTION_HANDLER(APP, STATUS) CITO_DECORATE(CITO_ROLE_EXCEPTION, &(APP), .status_code = STATUS)
/* Like lru_cache: the callable runs once per process, whoever depends on it. */
#define CITO_CACHED CITO_DECORATE(CITO_ROLE_CACHED, NULL)

/* CITO_APP(app, .title = "Shop", .version = "1.0.0"); CITO_ROUTER(users, .prefix = "/users", .tags = {"users"}); */
#define CITO_APP(NAME, ...) cito_router NAME = { .is_app = true, .file = __FILE__, .line = __LINE__ __VA_OPT__(, ) __VA_ARGS__ }
#define CITO_ROUTER(NAME, ...) cito_router NAME = { .file = __FILE__, .line = __LINE__ __VA_OPT__(, ) __VA_ARGS__ }

typedef struct cito_inclusion {
    cito_router *into;
    const cito_router *router;
    const char *prefix;
    const char *tags[8];
    cito_callables dependencies;
    cito_response_doc responses[8];
    bool deprecated, exclude_from_schema;
    const char *file;
    int line;
    unsigned sequence; /* private, as what follows */
    struct cito_inclusion *next;
} cito_inclusion;
void cito_declare_inclusion(cito_inclusion *);
/* CITO_INCLUDE_ROUTER(app, users, "/v1", .tags = {"v1"}) */
#define CITO_INCLUDE_ROUTER(APP, ROUTER, PREFIX, ...)                                                                              \
    extern cito_router ROUTER;                                                                                                     \
    __attribute__((constructor)) static void CITO_CAT(ROUTER, CITO_CAT(_include_, __LINE__))(void)                                 \
    {                                                                                                                              \
        static cito_inclusion inclusion = { .into = &(APP), .router = &(ROUTER), .prefix = PREFIX, .file = __FILE__, .line = __LINE__ __VA_OPT__(, ) __VA_ARGS__ }; \
        cito_declare_inclusion(&inclusion);                                                                                        \
    }

/* The program's command line: run (the default), check, openapi, --help; see `./app --help`. Gives the exit code: 0, or 1 with one line on
 * standard error that says what to do. */
int cito_main(cito_router *app, int argc, char **argv);
#define CITO_MAIN(APP)                                                                                                             \
    int main(int argc, char **argv)                                                                                                \
    {                                                                                                                              \
        return cito_main(&(APP), argc, argv);                                                                                      \
    }
