/* The option table's reader.
 *
 * Invariants: settings hold the defaults before; texts are borrowed from argv and the environment. Threading: main's. */
#include "cli/option.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Edits between two names, for "did you mean". Names are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], len = strlen(b);
    if (len >= 63 || strlen(a) >= 63)
        return 64;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]), least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < least ? change : least;
        }
    }
    return row[len];
}

static const cito_option *nearest(const cito_option *table, const char *name)
{
    const cito_option *best = NULL;
    size_t least = 4;
    for (const cito_option *option = table; option->name; option++)
        if (distance(name, option->name) < least) {
            least = distance(name, option->name);
            best = option;
        }
    return best;
}

static bool parse_count(const char *text, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || value > 0x7fffffff)
        return false;
    *out = (unsigned)value;
    return true;
}

static bool parse_bytes(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    int shift = *end == '\0'                          ? 0
                : tolower((unsigned char)*end) == 'k' ? 10
                : tolower((unsigned char)*end) == 'm' ? 20
                : tolower((unsigned char)*end) == 'g' ? 30
                                                      : -1;
    if (!isdigit((unsigned char)*text) || errno || shift < 0 || (*end && end[1]) || value > UINT64_MAX >> shift)
        return false;
    *out = (uint64_t)value << shift;
    return true;
}

static bool parse_seconds(const char *text, unsigned *out_ms)
{
    char *end;
    double seconds = strtod(text, &end);
    if ((!isdigit((unsigned char)*text) && *text != '.') || *end || seconds < 0 || seconds > 1e6)
        return false;
    *out_ms = (unsigned)(seconds * 1000);
    return true;
}

/* NULL, or what was expected. */
static const char *store(const cito_option *option, void *settings, const char *text)
{
    void *into = (char *)settings + option->offset;
    switch (option->kind) {
    case CITO_OPTION_TEXT:
        *(const char **)into = text;
        return NULL;
    case CITO_OPTION_COUNT:
        return parse_count(text, into) ? NULL : "a whole number";
    case CITO_OPTION_BYTES:
        return parse_bytes(text, into) ? NULL : "a number of bytes, as 65536, 64k or 16M";
    case CITO_OPTION_SECONDS:
        return parse_seconds(text, into) ? NULL : "a number of seconds";
    case CITO_OPTION_FLAG:
    case CITO_OPTION_OFF_FLAG: {
        bool yes = strcmp(text, "1") == 0 || strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
        bool no = strcmp(text, "0") == 0 || strcmp(text, "false") == 0 || strcmp(text, "no") == 0;
        *(bool *)into = yes == (option->kind == CITO_OPTION_FLAG);
        return yes || no ? NULL : "true or false";
    }
    }
    return NULL;
}

static bool is_flag(const cito_option *option) { return option->kind == CITO_OPTION_FLAG || option->kind == CITO_OPTION_OFF_FLAG; }

static bool read_environment(const cito_option *table, void *settings, cito_buffer *out_error)
{
    for (const cito_option *option = table; option->name; option++) {
        char name[80];
        int len = snprintf(name, sizeof name, "CITO_%s", option->name);
        for (int i = 0; i < len; i++)
            name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
        const char *text = getenv(name);
        const char *expected = text && *text ? store(option, settings, text) : NULL;
        if (expected) {
            cito_buffer_append_format(out_error, "%s=%s in the environment: expected %s\n", name, text, expected);
            return false;
        }
    }
    return true;
}

static const cito_option *find(const cito_option *table, const char *name, size_t len, bool *out_negated)
{
    *out_negated = false;
    for (const cito_option *option = table; option->name; option++) {
        if ((strlen(option->name) == len && memcmp(option->name, name, len) == 0) ||
            (option->alias && strlen(option->alias) == len && memcmp(option->alias, name, len) == 0))
            return option;
        if (is_flag(option) && len == strlen(option->name) + 3 && memcmp(name, "no-", 3) == 0 &&
            memcmp(name + 3, option->name, len - 3) == 0) {
            *out_negated = true;
            return option;
        }
    }
    return NULL;
}

static void report_unknown(const cito_option *table, const char *word, size_t len, cito_buffer *out_error)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)len, word);
    const cito_option *near = nearest(table, name);
    cito_buffer_append_format(out_error, "There is no option --%.*s", (int)len, word);
    if (near)
        cito_buffer_append_format(out_error, "; did you mean --%s? See --help.\n", near->name);
    else
        cito_buffer_append_literal(out_error, ". See --help.\n");
}

/* One option at argv[at]: gives how many words it took, 0 on an error. */
static int read_option(const cito_option *table, void *settings, int argc, char **argv, int at, cito_buffer *out_error)
{
    const char *name = argv[at] + strspn(argv[at], "-");
    size_t len = strcspn(name, "=");
    bool negated;
    const cito_option *option = find(table, name, len, &negated);
    if (!option) {
        report_unknown(table, name, len, out_error);
        return 0;
    }
    if (negated && name[len]) {
        cito_buffer_append_format(out_error, "--no-%s takes no value: write --%s%s\n", option->name, option->name, name + len);
        return 0;
    }
    if (is_flag(option) && !name[len]) {
        *(bool *)((char *)settings + option->offset) = negated == (option->kind == CITO_OPTION_OFF_FLAG);
        return 1;
    }
    const char *text = name[len] ? name + len + 1 : at + 1 < argc && strncmp(argv[at + 1], "--", 2) != 0 ? argv[at + 1] : NULL;
    const char *expected = text ? store(option, settings, text) : "a value";
    if (expected) {
        cito_buffer_append_format(out_error, "--%s%s%s: expected %s\n", option->name, text ? " " : "", text ? text : "", expected);
        return 0;
    }
    return name[len] ? 1 : 2;
}

int cito_options_read(const cito_option *table, void *settings, int argc, char **argv, int first, cito_buffer *out_error)
{
    int words = 0;
    if (!read_environment(table, settings, out_error))
        return -1;
    for (int at = first; at < argc;) {
        if (argv[at][0] != '-' || !argv[at][1]) {
            argv[first + words++] = argv[at++];
            continue;
        }
        int taken = read_option(table, settings, argc, argv, at, out_error);
        if (!taken)
            return -1;
        at += taken;
    }
    return words;
}

void cito_options_print_help(const cito_option *table, cito_buffer *out)
{
    for (const cito_option *option = table; option->name; option++) {
        char left[64];
        const char *prefix = option->kind == CITO_OPTION_OFF_FLAG ? "no-" : "";
        if (option->alias && strlen(option->alias) == 1)
            snprintf(left, sizeof left, "-%s, --%s%s %s", option->alias, prefix, option->name, option->argument ? option->argument : "");
        else
            snprintf(left, sizeof left, "--%s%s %s", prefix, option->name, option->argument ? option->argument : "");
        cito_buffer_append_format(out, "  %-34s %s\n", left, option->help);
    }
}
