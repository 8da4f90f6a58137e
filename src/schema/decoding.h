/* One run of decoding, inside: how values of each family are read. Private to src/schema.
 * Every function gives true, or false with errors recorded or the reader's error set; after false from the reader nothing more is read.
 * Thread rule: one run belongs to one thread. Source: facts on FastAPI 1, 5. */
#pragma once
#include "schema/coerce.h"
#include "schema/decode.h"
#include "schema/plan.h"

/* The value at the reader's place. checks NULL: nothing beside the type. */
bool cito_decoding_value(cito_decoding *, const cito_type *, const cito_field *checks, bool strict, const cito_loc *, void *into);
/* A scalar that was read already, or a text of a query. */
bool cito_decoding_scalar(cito_decoding *, const cito_scalar *, const cito_type *, const cito_field *checks, bool strict, const cito_loc *,
                          void *into);
/* The value at the reader's place as a scalar; arrays and objects are skipped and have only token and input. */
bool cito_decoding_read_scalar(cito_decoding *, cito_scalar *out);
/* The text from start to the reader's place. */
static inline cito_input cito_decoding_input(const cito_decoding *decoding, const char *start)
{
    return (cito_input){ .kind = CITO_INPUT_JSON, .text = { start, (size_t)(decoding->reader->at - start) } };
}
/* Records that the value at the reader's place is of the wrong kind, past it. */
bool cito_decoding_refuse(cito_decoding *, const char *type, const cito_loc *);
/* Runs a validator; its message becomes a value_error. */
bool cito_decoding_validate(cito_decoding *, const cito_validator *, void *value, const cito_loc *, cito_input);

/* extra_allowed: a key that needs no field (a union's discriminator); data NULL: none. */
bool cito_decoding_model(cito_decoding *, const cito_type *, cito_str extra_allowed, const cito_loc *, void *into);
bool cito_decoding_list(cito_decoding *, const cito_type *, const cito_field *checks, bool strict, const cito_loc *, void *into);
bool cito_decoding_dict(cito_decoding *, const cito_type *, const cito_field *checks, bool strict, const cito_loc *, void *into);
bool cito_decoding_tuple(cito_decoding *, const cito_type *, bool strict, const cito_loc *, void *into);
/* scalar NULL: the value at the reader's place. */
bool cito_decoding_union(cito_decoding *, const cito_scalar *scalar, const cito_type *, bool strict, const cito_loc *, void *into);

/* The same from the texts of a query, header, cookie or form; one text, or an upload in its place. */
bool cito_decoding_text(cito_decoding *, cito_str text, const cito_type *, const cito_field *checks, bool strict, const cito_loc *,
                        void *into);
bool cito_decoding_list_of_texts(cito_decoding *, const cito_str *texts, size_t count, const cito_type *, const cito_field *checks,
                                 bool strict, const cito_loc *, void *into);
cito_input cito_decoding_texts_input(cito_decoding *, const cito_str *texts, size_t count);

/* Memory of the request; NULL sets the reader's error or records nothing more: the arena says that it overflowed. */
void *cito_decoding_take(cito_decoding *, size_t size);

/* A growing row of items in the arena: in place while it is the last thing there. */
typedef struct cito_row {
    char *items;
    size_t count, capacity, item_size;
} cito_row;
void *cito_row_add(cito_decoding *, cito_row *);
/* Gives back what was not used, and writes the list (or dict) of the items. */
void cito_row_finish(cito_decoding *, cito_row *, void *into);

/* Which recorded errors belong to which member of the object being read: where a key comes again its former errors are dropped. */
typedef struct cito_error_spans {
    struct cito_error_span {
        size_t start, count;
        cito_str key; /* of an integer-keyed dict, as it was written: only the same text replaces it */
    } *items;
    size_t capacity;
    bool dropped;
} cito_error_spans;
/* Errors from start on are member `index`'s; they get it as their order. */
void cito_error_spans_note(cito_decoding *, cito_error_spans *, size_t index, size_t start);
void cito_error_spans_drop(cito_decoding *, cito_error_spans *, size_t index);
/* Takes the dropped ones out of what was recorded from first on, and sorts the rest by order; equals keep theirs. */
void cito_error_spans_settle(cito_decoding *, const cito_error_spans *, size_t first);

/* Sets of scalars: equality and hash of decoded values. */
bool cito_item_is_comparable(const cito_type *);
bool cito_item_equal(const cito_type *, const void *, const void *);
uint64_t cito_item_hash(const cito_type *, const void *);
