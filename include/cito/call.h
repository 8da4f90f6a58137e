/* Inside a callable: memory, clean-up, errors, the log. Everything here belongs to the running callable, on the loop or in the thread pool. */
#pragma once
#include <cito/callable.h>

/* Memory of the request: zeroed, aligned for any type, freed when the request ends. Exceeding the request's limit (--limit-request-memory)
 * raises 413. Never fails otherwise: a worker that gets no memory ends and is replaced. */
void *cito_alloc(size_t size);
/* CLEANUP(DATA) runs when the request ends, in reverse order, whether the callable returned, raised, or the client left: what stands behind
 * `yield` in a FastAPI dependency. On the thread that the callable that deferred it ran on: the loop for async, the pool else. */
void cito_defer(void (*cleanup)(void *), void *data);

/* ---- raising: ends the running callable. It crosses only the program's own frames; locals of theirs are not cleaned up, so what is no
 * memory of the request is given to cito_defer before anything is called that may raise. ------------------------------------------ */
typedef struct cito_exception {
    int status_code;
    const cito_value *detail;   /* NULL: the status's phrase */
    const char *headers[8][2];  /* name, value; copied */
    const cito_type *kind;      /* of cito_raise_as; NULL: an HTTPException */
    const void *model;          /* what cito_raise_as was given */
} cito_exception;
/* cito_raise(404, "Item %d not found", id): HTTPException; cito_raise(404) alone gives the status's phrase. The message is a literal: a client's text is no format. */
#define cito_raise(STATUS, ...) CITO_CAT(CITO_RAISE_, __VA_OPT__(1))(STATUS __VA_OPT__(, ) __VA_ARGS__)
#define CITO_RAISE_(STATUS) cito_raise_with(.status_code = (STATUS))
#define CITO_RAISE_1(STATUS, ...) cito_raise_format(STATUS, "" __VA_ARGS__)
_Noreturn void cito_raise_format(int status_code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* cito_raise_with(.status_code = 401, .detail = cito_object(…), .headers = {{"WWW-Authenticate", "Bearer"}}) */
#define cito_raise_with(...) cito_raise_exception(&(cito_exception){ __VA_ARGS__ })
_Noreturn void cito_raise_exception(const cito_exception *);
/* An exception of the program's own: a model that is raised. CITO_EXCEPTION(InternalError, (str, message)); cito_raise_as(InternalError, .message = …).
 * Nobody answers it: it is logged, and the client gets a plain 500. */
#define CITO_EXCEPTION(NAME, ...) CITO_MODEL(NAME, __VA_ARGS__)
#define cito_raise_as(NAME, ...) cito_raise_model(cito_t_##NAME, &(NAME){ __VA_ARGS__ })
_Noreturn void cito_raise_model(const cito_type *, const void *model);
/* The model, NULL where it is another exception: const InternalError *error = cito_exception_as(InternalError, exception). */
#define cito_exception_as(NAME, EXCEPTION) ((const NAME *)cito_exception_model(EXCEPTION, cito_t_##NAME))
const void *cito_exception_model(const cito_exception *, const cito_type *);
/* What stands after `except` around a dependency's `yield`: HANDLER(EXCEPTION, DATA) runs where the request ends by a raise, before the answer is made, the
 * newest first, on the side (loop or pool) of the callable that said so. It may raise another in its place; it cannot end the raise, as something must
 * answer. What is caught with cito_catch does not come here. Source: FastAPI, "Dependencies with yield and except". */
void cito_on_raise(void (*handler)(const cito_exception *, void *data), void *data);
/* Calls F and gives what it raised, NULL where it returned: cito_catch(&result, f, 1, 2). */
#define cito_catch(RESULT, F, ...) cito_catch_call(&F##_callable, &(F##_args){ __VA_ARGS__ }, RESULT)
const cito_exception *cito_catch_call(const cito_callable *, const void *args, void *result);

/* ---- the process -------------------------------------------------------------------------------------------------------------- */
double cito_now(void); /* seconds since 1970 */
/* level: "debug", "info", "warning", "error"; one line, formatted only where the level is on. */
void cito_log(const char *level, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cito_worker_id(void); /* 1 … N, stable over restarts; 1 without a master */
