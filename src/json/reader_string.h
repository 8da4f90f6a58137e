/* The reader's strings, as reader.c needs them. Internal to src/json. Thread rule: that of the reader. */
#pragma once
#include "json/reader.h"

/* Past the string that starts at the reader's place (a quote), checking it; gives what stands between the quotes as a slice. */
bool cito_json_pass_string(cito_json_reader *, cito_str *out_raw, bool *out_escaped);
/* The same, with a fast way for up to 15 bytes without escapes. */
static inline bool cito_json_pass_any_string(cito_json_reader *reader, cito_str *out_raw, bool *out_escaped)
{
    const char *text = reader->at + 1;
    if (reader->end - text >= CITO_SCAN_STEP) {
        unsigned mask = cito_scan_mask(text);
        size_t len = (size_t)__builtin_ctz(mask | 1u << CITO_SCAN_STEP);
        if (mask && text[len] == '"') {
            *out_raw = (cito_str){ text, len };
            *out_escaped = false;
            reader->at = text + len + 1;
            return true;
        }
    }
    return cito_json_pass_string(reader, out_raw, out_escaped);
}
/* The same, unescaped: a slice of the text where nothing is escaped, else in the arena. */
bool cito_json_read_key(cito_json_reader *, cito_str *out);
/* What a memory limit that is reached says. */
#define CITO_JSON_TOO_LARGE "Too large for the memory of a request"
/* Writes the text of a checked string; room for raw.len bytes is enough. Gives the end. */
char *cito_json_unescape(cito_str raw, char *out);
