/* The dynamic value behind `any`: made of JSON text or of C values, immutable, in an arena. Object members keep their order; where a key came twice
 * the last wins, in the place of the first, as a Python dict. Thread rule: any number of readers. */
#pragma once
#include "base/buffer.h"
#include "json/reader.h"

typedef struct cito_value_member {
    cito_str key;
    const cito_value *value;
} cito_value_member;
typedef enum cito_value_note { CITO_NOTE_NONE, CITO_NOTE_UINT, CITO_NOTE_BIG_INT, CITO_NOTE_DECIMAL } cito_value_note;
struct cito_value {
    cito_value_kind kind;
    cito_value_note note; /* INT: UINT has as.uint, BIG_INT its digits in as.string (over 64 bits); DOUBLE: DECIMAL its text in as.string */
    uint32_t count;       /* of elements or members */
    union {
        bool boolean;
        int64_t integer;
        uint64_t uint;
        double number;
        cito_str string;
        const cito_value **elements;
        cito_value_member *members;
    } as;
};
extern const cito_value cito_value_null[1];

/* The value at the reader's place; NULL on a syntax error (the reader says which). */
const cito_value *cito_value_read(cito_json_reader *);
/* Whole text; NULL on an error, with CPython's text and offset where asked for. */
const cito_value *cito_value_parse(cito_arena *, cito_str text, const char **out_error, size_t *out_offset);
/* Compact text; doubles in Python's repr form (1e-07), as FastAPI answers without a response model. false: it holds NaN or an infinity, which
 * JSON cannot say, or is nested over CITO_JSON_DEPTH_MAX deep (FastAPI answers 500); the buffer is then as before. */
bool cito_value_write(cito_buffer *, const cito_value *);
/* Indented like json.dumps(indent=indent). */
bool cito_value_write_indented(cito_buffer *, const cito_value *, int indent);
bool cito_value_equal(const cito_value *, const cito_value *);
