/* Log: formats one line and writes it with one write(2), so that lines of several threads and processes do not mix.
 *
 * Invariants: a line ends in one newline; what stands before the message is ten columns wide, as Uvicorn's.
 * Threading: any thread. The sink of tests is called under a lock and must not log itself. */
#include "base/log.h"

#include <cito/call.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

cito_log_level cito_log_threshold = CITO_LOG_INFO;

static const struct {
    const char *name;  /* as options say it */
    const char *plain; /* what stands before the message */
    const char *coloured;
} levels[] = {
    [CITO_LOG_DEBUG] = { "debug", "DEBUG:    ", "\033[36mDEBUG\033[0m:    " },
    [CITO_LOG_INFO] = { "info", "INFO:     ", "\033[32mINFO\033[0m:     " },
    [CITO_LOG_WARNING] = { "warning", "WARNING:  ", "\033[33mWARNING\033[0m:  " },
    [CITO_LOG_ERROR] = { "error", "ERROR:    ", "\033[31mERROR\033[0m:    " },
    [CITO_LOG_OFF] = { "off", "", "" },
};

static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*sink)(cito_log_level, const char *line, void *data);
static void *sink_data;

bool cito_log_level_parse(const char *name, cito_log_level *out_level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(name, levels[i].name) == 0) {
            *out_level = (cito_log_level)i;
            return true;
        }
    return false;
}

void cito_log_redirect(void (*new_sink)(cito_log_level, const char *line, void *data), void *data)
{
    pthread_mutex_lock(&sink_lock);
    sink = new_sink;
    sink_data = data;
    pthread_mutex_unlock(&sink_lock);
}

/* Asked once: an access log's line must not cost a second system call. */
static bool standard_error_takes_colours(void)
{
    static atomic_int answer = -1;
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (known < 0) {
        const char *no_color = getenv("NO_COLOR");
        known = isatty(STDERR_FILENO) && !(no_color && *no_color);
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known;
}

static const char *prefix_of(cito_log_level level) { return standard_error_takes_colours() ? levels[level].coloured : levels[level].plain; }

static void write_whole(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, data, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nowhere left to say it */
        data += written;
        len -= (size_t)written;
    }
}

/* false where a sink took the line. */
static bool give_to_sink(cito_log_level level, const char *message)
{
    pthread_mutex_lock(&sink_lock);
    bool taken = sink != NULL;
    if (taken)
        sink(level, message, sink_data);
    pthread_mutex_unlock(&sink_lock);
    return taken;
}

/* Formats behind the prefix; gives the whole line in `room`, or in *out_long where room is too small. */
static size_t format_line(const char *prefix, const char *format, va_list arguments, char *room, size_t room_size, char **out_long)
{
    size_t before = strlen(prefix);
    va_list again;
    va_copy(again, arguments);
    memcpy(room, prefix, before);
    int len = vsnprintf(room + before, room_size - before - 1, format, arguments);
    size_t total = before + (len > 0 ? (size_t)len : 0);
    *out_long = NULL;
    char *line = room;
    if (total + 2 > room_size) {
        *out_long = malloc(total + 2);
        if (*out_long) {
            line = *out_long;
            memcpy(line, prefix, before);
            vsnprintf(line + before, (size_t)len + 1, format, again);
        } else {
            total = room_size - 2; /* cut off, but said */
        }
    }
    va_end(again);
    line[total] = '\n';
    line[total + 1] = '\0';
    return total + 1;
}

static void write_line(cito_log_level level, const char *format, va_list arguments)
{
    int saved_errno = errno; /* a log line must not change what its caller looks at next */
    char room[1024], *long_line;
    const char *prefix = prefix_of(level);
    size_t before = strlen(prefix);
    size_t len = format_line(prefix, format, arguments, room, sizeof room, &long_line);
    char *line = long_line ? long_line : room;
    line[len - 1] = '\0';
    if (!give_to_sink(level, line + before)) {
        line[len - 1] = '\n';
        write_whole(line, len);
    }
    free(long_line);
    errno = saved_errno;
}

void cito_log_write(cito_log_level level, const char *format, ...)
{
    if (!cito_log_is_on(level) || level >= CITO_LOG_OFF)
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(level, format, arguments);
    va_end(arguments);
}

void cito_log(const char *name, const char *format, ...)
{
    cito_log_level level;
    /* A level that does not exist must not lose the line. */
    if (!cito_log_level_parse(name, &level) || level == CITO_LOG_OFF)
        level = CITO_LOG_ERROR;
    if (!cito_log_is_on(level))
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(level, format, arguments);
    va_end(arguments);
}

/* The stack only: malloc may be what failed, or what a signal interrupted. */
static void write_last_words(const char *format, va_list arguments)
{
    char line[2048];
    size_t before = strlen(levels[CITO_LOG_ERROR].plain);
    memcpy(line, levels[CITO_LOG_ERROR].plain, before);
    int len = vsnprintf(line + before, sizeof line - before - 1, format, arguments);
    size_t total = before + (len > 0 ? (size_t)len : 0);
    if (total > sizeof line - 2)
        total = sizeof line - 2;
    line[total] = '\n';
    write_whole(line, total + 1);
}

void cito_die(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    write_last_words(format, arguments);
    va_end(arguments);
    _exit(code); /* other threads may be running: no atexit functions */
}

void cito_abort(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_last_words(format, arguments);
    va_end(arguments);
    abort();
}
