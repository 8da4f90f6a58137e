/* One run of encoding: shared by encode.c and encode_as.c, private to src/schema. Thread rule: one thread. */
#pragma once
#include "schema/encode.h"
#include "schema/plan.h"

typedef struct cito_encoding {
    cito_buffer *buffer;
    cito_encode_options options;
    bool filters; /* one of the exclude_… is on */
    bool raw;     /* to be read again: secrets as they are, nothing masked or excluded but what was not set */
    int depth;
    size_t path_start; /* the place of the fault, written from the end on as the calls return */
    char path[256], reason[256];
} cito_encoding;

enum { CITO_ENCODE_DEPTH_MAX = 200 };

void cito_encoding_init(cito_encoding *, const cito_encode_options *, cito_buffer *);
/* One value of any type. false: reason and path say what is wrong, the buffer holds a part. */
bool cito_encoding_write(cito_encoding *, const cito_type *, const void *value);
/* "key": of a record's field, with the comma or brace before it; see cito_encoding_close. */
void cito_encoding_write_key(cito_encoding *, cito_str key_text);
/* Ends a record that began at that length of the buffer: the first comma becomes a brace. */
void cito_encoding_close(cito_encoding *, size_t start);
/* Whether the options leave the field out. */
bool cito_encoding_leaves_out(const cito_encoding *, const cito_plan_field *, const char *record);
/* The debug check: false where the pointer may not be followed; the reason is then recorded with `what`: "text does", "items do". */
bool cito_encoding_follow(cito_encoding *, const void *pointer, const char *what);
/* A field that decoding gave its default shares it with the plan, which is neither the request's memory nor static data: not checked. */
static inline bool cito_encoding_shares_default(const cito_encoding *encoding, const cito_plan_field *field, const void *value)
{
    return __builtin_expect(encoding->options.may_follow != NULL, 0) && field->default_value &&
           !memcmp(value, field->default_value, field->type->size);
}
/* Records the reason; always false. Those that return put their step before the path: false again. */
bool cito_encoding_fail(cito_encoding *, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool cito_encoding_fail_field(cito_encoding *, const char *name), cito_encoding_fail_index(cito_encoding *, size_t index);
/* Ends the run: NULL, or the text, with the buffer cut back to that length. The text stays until the next failure on this thread. */
const char *cito_encoding_end(cito_encoding *, bool ok, const cito_type *, size_t start);
