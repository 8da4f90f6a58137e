/* The keywords of one schema: gathered one by one as ready JSON texts, and then written in one of two key orders. Private to json_schema*.c; the public part
 * is in json_schema.h. Texts live in the writer's arena. Thread rule: at start, one thread. */
#pragma once
#include "schema/components.h"

/* In the order of FastAPI's Schema model. */
typedef enum cito_schema_keyword {
    CITO_SCHEMA_REF,
    CITO_SCHEMA_ANY_OF,
    CITO_SCHEMA_ONE_OF,
    CITO_SCHEMA_PREFIX_ITEMS,
    CITO_SCHEMA_ITEMS,
    CITO_SCHEMA_PROPERTIES,
    CITO_SCHEMA_ADDITIONAL_PROPERTIES,
    CITO_SCHEMA_TYPE,
    CITO_SCHEMA_ENUM,
    CITO_SCHEMA_CONST,
    CITO_SCHEMA_MULTIPLE_OF,
    CITO_SCHEMA_MAXIMUM,
    CITO_SCHEMA_EXCLUSIVE_MAXIMUM,
    CITO_SCHEMA_MINIMUM,
    CITO_SCHEMA_EXCLUSIVE_MINIMUM,
    CITO_SCHEMA_MAX_LENGTH,
    CITO_SCHEMA_MIN_LENGTH,
    CITO_SCHEMA_PATTERN,
    CITO_SCHEMA_MAX_ITEMS,
    CITO_SCHEMA_MIN_ITEMS,
    CITO_SCHEMA_UNIQUE_ITEMS,
    CITO_SCHEMA_MAX_PROPERTIES,
    CITO_SCHEMA_MIN_PROPERTIES,
    CITO_SCHEMA_REQUIRED,
    CITO_SCHEMA_FORMAT,
    CITO_SCHEMA_CONTENT_MEDIA_TYPE,
    CITO_SCHEMA_TITLE,
    CITO_SCHEMA_DESCRIPTION,
    CITO_SCHEMA_DEFAULT,
    CITO_SCHEMA_DEPRECATED,
    CITO_SCHEMA_WRITE_ONLY,
    CITO_SCHEMA_EXAMPLES,
    CITO_SCHEMA_DISCRIMINATOR,
    CITO_SCHEMA_COUNT
} cito_schema_keyword;

typedef struct cito_schema_keywords {
    cito_str texts[CITO_SCHEMA_COUNT]; /* data NULL: the keyword is not there */
} cito_schema_keywords;

typedef struct cito_schema_writer {
    cito_components *components;
    cito_arena *arena;
    bool is_output, is_parameter;
} cito_schema_writer;

/* text: JSON, which lives as long as the schema. */
void cito_schema_put(cito_schema_keywords *, cito_schema_keyword, const char *text);
/* These copy what they write. A string of NULL is left out. */
void cito_schema_put_string(cito_schema_writer *, cito_schema_keywords *, cito_schema_keyword, cito_str value);
void cito_schema_put_chars(cito_schema_writer *, cito_schema_keywords *, cito_schema_keyword, const char *value);
void cito_schema_put_count(cito_schema_writer *, cito_schema_keywords *, cito_schema_keyword, size_t value);
/* FastAPI's Schema model holds limits as floats, a parameter's limits stay what the program said. */
void cito_schema_put_limit(cito_schema_writer *, cito_schema_keywords *, cito_schema_keyword, double value, bool as_float);
/* What a buffer holds, as a text in the arena; finishes the buffer. */
cito_str cito_schema_take_text(cito_schema_writer *, cito_buffer *scratch);
/* JSON that the program gave as text, written anew: compact, and checked. data NULL: it is none, which cito_type_prepare has refused. */
cito_str cito_schema_rewrite_json(cito_schema_writer *, const char *json);
/* {…} with the keywords that are there, behind what the buffer holds. */
void cito_schema_emit(cito_schema_writer *, const cito_schema_keywords *, cito_buffer *);
cito_str cito_schema_text_of(cito_schema_writer *, const cito_schema_keywords *);
