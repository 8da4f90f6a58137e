/* Plans: what decoding and encoding derive once from a record (model, tuple, union, enum) and keep in *type->plan: flattened field lists with
 * absolute offsets, key table, escaped key texts, defaults as ready bytes, configuration and validators.
 *
 * A plan is made at start by cito_type_prepare, or on first use; it is immutable once ready and lives as long as the process.
 * Thread rule: cito_plan_of from any thread. Source: none, private to src/schema. */
#pragma once
#include "base/arena.h"
#include <cito/model.h>

/* One bit of some fields_set: at `offset` bytes from the start of the outermost model. */
typedef struct cito_plan_bit {
    size_t offset;
    uint64_t mask;
} cito_plan_bit;

/* One field as it stands in the JSON object: flattened models' fields take their owner's place in the order of declaration. Of a tuple or
 * union: one element or member. */
typedef struct cito_plan_field {
    const cito_field *field; /* as declared */
    const cito_type *type;   /* without CITO_ANNOTATED around it */
    const cito_field
        *checks;       /* field with the options of CITO_ANNOTATED merged in; NULL where there is nothing to check and no validator */
    size_t offset;     /* from the start of the outermost model; of a union's member: where `as` lies */
    cito_str key;      /* name on the wire: alias or name */
    cito_str key_text; /* "key": with quotes, escaped, and the colon */
    cito_str label;    /* of a union's member: what loc calls it (int, list[int], a model's name) */
    const cito_plan_bit *bits; /* bits[0] the field's own, then those of the flatten fields it came through, inside out */
    uint32_t bit_count;
    cito_kind kind; /* of type */
    bool required;  /* neither default nor optional */
    bool strict;    /* by the field or the model's configuration */
    const cito_validator
        *outer_after;          /* the field's own, where both it and its CITO_ANNOTATED have one: runs after checks->after; else NULL */
    const void *default_value; /* type->size bytes, read only, may be shared; NULL where required */
} cito_plan_field;

typedef struct cito_plan_validator {
    const cito_validator *validator;
    size_t offset; /* of the (flattened) model that it is for */
} cito_plan_validator;

struct cito_type_plan {
    const cito_type *type;
    bool ready;    /* read and written atomically */
    bool prepared; /* cito_type_prepare has looked at all that it reaches */
    cito_plan_field *fields;
    uint32_t field_count, required_count;
    /* Where the fields_set of this model and of each flattened one lie. */
    const size_t *set_offsets;
    uint32_t set_count;
    /* Open addressing from cito_plan_hash(key) & slot_mask on: the field's index + 1, 0: none. The seed is the one with the fewest collisions. */
    const uint16_t *slots;
    uint32_t slot_mask, slot_seed;
    /* The model's configuration; that of flattened models where it has none itself. */
    const cito_model_config *config; /* NULL: none */
    cito_extra extra;
    bool strict;
    const cito_plan_validator *validators; /* flattened models' first */
    uint32_t validator_count;
    /* Of an enum: its members with their lengths, as "text" with quotes for the encoder, and 'a', 'b' or 'c' for messages. */
    const cito_str *members, *member_texts;
    uint32_t member_count;
    cito_str expected;
    /* Of a union: the tag that each member answers to is its name; 'cat', 'dog' for messages. */
    cito_str expected_tags;
};

/* The plan of a record; made now where cito_type_prepare did not. A faulty declaration ends the process with its text. */
const struct cito_type_plan *cito_plan_make(const cito_type *);
static inline const struct cito_type_plan *cito_plan_of(const cito_type *type)
{
    const struct cito_type_plan *plan = __atomic_load_n(type->plan, __ATOMIC_ACQUIRE);
    return __builtin_expect(plan && __atomic_load_n(&plan->ready, __ATOMIC_ACQUIRE), 1) ? plan : cito_plan_make(type);
}
/* The index of the field of that key; -1: none. */
int cito_plan_find(const struct cito_type_plan *, cito_str key);
/* Without CITO_ANNOTATED around it. */
static inline const cito_type *cito_type_peel(const cito_type *type)
{
    while (type->kind == CITO_KIND_ANNOTATED)
        type = type->element;
    return type;
}
/* Whether two descriptors say the same: the same one, or records of one name with equal fields (a model declared in a header). */
bool cito_type_equal(const cito_type *, const cito_type *);
/* Whether a field says anything that must be checked or run. */
bool cito_field_has_checks(const cito_field *);
/* The options of CITO_ANNOTATED (checks of the inner word) with those of the field over them. The validator of the field's own that finds its
 * place taken comes in *out_outer_after. */
cito_field cito_field_merge(const cito_field *field, const cito_field *annotated, const cito_validator **out_outer_after);
/* What an option's text was before the preprocessor: default(true) arrives as "((_Bool) + 1u)", see cito/macros.h. */
cito_str cito_option_json(const char *stringified, cito_arena *);
/* The model validators declared for it or an equal one, in order of declaration: the first behind `after` (NULL: the very first). */
const cito_model_validator *cito_model_validator_next(const cito_type *, const cito_model_validator *after);
/* The configuration declared for the model or an equal one; NULL: none. */
const cito_model_config *cito_model_config_of(const cito_type *);
/* The field's default as ready bytes (type->size, read only, may be shared): optional without one: null. NULL where it is required. Works for
 * parameters too; kept after the first call. */
const void *cito_plan_default(const cito_field *);
