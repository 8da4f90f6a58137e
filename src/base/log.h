/* Log: one line an event on standard error, in Uvicorn's form (`INFO:     message`), formatted only where the level is on.
 * Thread rule: any thread; a line is written whole. Colours where standard error is a terminal, unless NO_COLOR is set. */
#pragma once
#include <cito/value.h>

typedef enum cito_log_level { CITO_LOG_DEBUG, CITO_LOG_INFO, CITO_LOG_WARNING, CITO_LOG_ERROR, CITO_LOG_OFF } cito_log_level;

extern cito_log_level cito_log_threshold; /* set once at start */
static inline bool cito_log_is_on(cito_log_level level) { return level >= cito_log_threshold; }
void cito_log_write(cito_log_level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* false where the name is none of debug, info, warning, error, off. */
bool cito_log_level_parse(const char *name, cito_log_level *out_level);
/* Where lines go instead of standard error (tests), without level and newline; NULL: standard error again. The sink must not log. */
void cito_log_redirect(void (*sink)(cito_log_level, const char *line, void *data), void *data);
/* Writes the text to standard error and ends the process with `code`, without atexit functions; for mistakes that only a programmer can
 * mend. */
_Noreturn void cito_die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with a core dump, for what must never happen; safe in a signal handler's thread. */
_Noreturn void cito_abort(const char *format, ...) __attribute__((format(printf, 1, 2)));
