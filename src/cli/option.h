/* Options of the command line: one table says names, kinds, defaults and help; each option also comes from the environment as CITO_UPPER_CASE.
 *
 * An option that is not known is refused with the nearest name. Thread rule: main's. */
#pragma once
#include "base/buffer.h"

typedef enum cito_option_kind {
    CITO_OPTION_TEXT,    /* const char * */
    CITO_OPTION_COUNT,   /* unsigned; 0 … 2^31 */
    CITO_OPTION_BYTES,   /* uint64_t; 64k, 16M, 1G */
    CITO_OPTION_SECONDS, /* unsigned milliseconds; given in seconds, fractions allowed */
    CITO_OPTION_FLAG,    /* bool; --name and --no-name */
    CITO_OPTION_OFF_FLAG /* bool, true by --no-name */
} cito_option_kind;

typedef struct cito_option {
    const char *name;  /* without the hyphens */
    const char *alias; /* another one, NULL: none; one letter: with one hyphen */
    cito_option_kind kind;
    size_t offset;        /* in the settings */
    const char *argument; /* "HOST", for the help */
    const char *help;
} cito_option;

/* Reads environment, then argv from first on, into settings. Words that are no options are left in order in argv[first…]; gives their count, or -1 with a line in
 * out_error that says what to do. The table ends with a NULL name. */
int cito_options_read(const cito_option *table, void *settings, int argc, char **argv, int first, cito_buffer *out_error);
/* A line for each option. */
void cito_options_print_help(const cito_option *table, cito_buffer *out);
