/* What programs declare for their models beside the fields: configurations and validators. Filled by constructors before main, or while a
 * shared object is loaded; a descriptor in one file stands for its equals in all. Threads: declared at start by one thread, read by any. */
#include "schema/plan.h"
#include <string.h>

static cito_model_config *configs;
static cito_model_validator *validators, **validators_end = &validators;

void cito_declare_model_config(cito_model_config *config)
{
    config->next = configs;
    configs = config;
}

void cito_declare_model_validator(cito_model_validator *validator)
{
    validator->next = NULL;
    *validators_end = validator;
    validators_end = &validator->next;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* Without following fields: a record that refers to itself would never end. Names stand for the records behind them. */
static bool is_alike(const cito_type *a, const cito_type *b)
{
    while (a && b && a != b) {
        if (a->kind != b->kind || a->size != b->size || a->field_count != b->field_count || !same_text(a->name, b->name))
            return false;
        if (a->dependency != b->dependency)
            return false;
        a = a->element;
        b = b->element;
    }
    return a == b;
}

static bool same_members(const cito_type *a, const cito_type *b)
{
    if (!a->members || !b->members)
        return a->members == b->members;
    size_t i = 0;
    while (a->members[i] && b->members[i] && strcmp(a->members[i], b->members[i]) == 0)
        i++;
    return !a->members[i] && !b->members[i];
}

bool cito_type_equal(const cito_type *a, const cito_type *b)
{
    if (a == b)
        return true;
    if (!is_alike(a, b) || !same_text(a->discriminator, b->discriminator) || !same_members(a, b))
        return false;
    for (size_t i = 0; a->fields && b->fields && i < a->field_count; i++) {
        const cito_field *f = &a->fields[i], *g = &b->fields[i];
        if (strcmp(f->name, g->name) != 0 || f->offset != g->offset || !same_text(f->alias, g->alias) || !is_alike(f->type, g->type))
            return false;
    }
    return true;
}

const cito_model_config *cito_model_config_of(const cito_type *type)
{
    for (const cito_model_config *config = configs; config; config = config->next)
        if (cito_type_equal(config->model, type))
            return config;
    return NULL;
}

const cito_model_validator *cito_model_validator_next(const cito_type *type, const cito_model_validator *after)
{
    for (const cito_model_validator *validator = after ? after->next : validators; validator; validator = validator->next)
        if (cito_type_equal(validator->model, type))
            return validator;
    return NULL;
}
