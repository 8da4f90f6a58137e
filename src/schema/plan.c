/* Plans: derives from a record what decoding and encoding need, once. Invariants: a plan is complete before it is marked ready; its memory is
 * never freed. Threads: plans are made under one lock, which the same thread may take again (a default is decoded by plans); read by any. */
#include "schema/plan.h"
#include "base/log.h"
#include "json/writer.h"
#include "schema/decode.h"
#include "schema/plan_build.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_TRIES = 64 };

/* The first and last eight bytes and the length tell almost all keys apart; those that they do not stand next to each other in the table. */
static uint32_t hash_key(cito_str key, uint32_t seed)
{
    uint64_t first = 0, last = 0;
    if (key.len >= 8) {
        memcpy(&first, key.data, 8);
        memcpy(&last, key.data + key.len - 8, 8);
    } else if (key.len >= 4) {
        uint32_t half;
        memcpy(&half, key.data, 4);
        first = half;
        memcpy(&half, key.data + key.len - 4, 4);
        last = half;
    } else if (key.len) {
        first = (uint64_t)(unsigned char)key.data[0] | (uint64_t)(unsigned char)key.data[key.len / 2] << 8 |
                (uint64_t)(unsigned char)key.data[key.len - 1] << 16;
    }
    uint64_t mixed = (first ^ (last * UINT64_C(0x9E3779B97F4A7C15)) ^ key.len) * (UINT64_C(0xD6E8FEB86659FD93) + 2 * (uint64_t)seed);
    return (uint32_t)(mixed >> 32);
}

int cito_plan_find(const struct cito_type_plan *plan, cito_str key)
{
    for (uint32_t at = hash_key(key, plan->slot_seed);; at++) {
        uint16_t slot = plan->slots[at & plan->slot_mask];
        if (!slot)
            return -1;
        cito_str known = plan->fields[slot - 1].key;
        if (known.len == key.len && memcmp(known.data, key.data, key.len) == 0)
            return slot - 1;
    }
}

static uint32_t count_collisions(const struct cito_type_plan *plan, uint16_t *slots, uint32_t seed)
{
    uint32_t collisions = 0;
    memset(slots, 0, (plan->slot_mask + 1) * sizeof *slots);
    for (uint32_t i = 0; i < plan->field_count; i++) {
        uint32_t at = hash_key(plan->fields[i].key, seed);
        while (slots[at & plan->slot_mask]) {
            at++;
            collisions++;
        }
        slots[at & plan->slot_mask] = (uint16_t)(i + 1);
    }
    return collisions;
}

static void make_table(struct cito_type_plan *plan, cito_arena *arena)
{
    uint32_t size = 4;
    while (size < 2 * plan->field_count)
        size *= 2;
    plan->slot_mask = size - 1;
    uint16_t *slots = cito_arena_take(arena, size * sizeof *slots);
    uint32_t best = 0, fewest = UINT32_MAX;
    for (uint32_t seed = 0; seed < SEED_TRIES && fewest; seed++) {
        uint32_t collisions = count_collisions(plan, slots, seed);
        if (collisions < fewest) {
            fewest = collisions;
            best = seed;
        }
    }
    count_collisions(plan, slots, best);
    plan->slot_seed = best;
    plan->slots = slots;
}

static cito_str take_text(cito_buffer *buffer, cito_arena *arena)
{
    cito_str text = cito_arena_copy_str(arena, buffer->data ? buffer->data : "", buffer->len);
    buffer->len = 0;
    return text;
}

/* A text as Python's repr shows it: 'it', "it's", with escapes. */
static void append_repr(cito_buffer *out, const char *text)
{
    char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';
    cito_buffer_append_char(out, quote);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '\n' || c == '\r' || c == '\t')
            cito_buffer_append_format(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (c < 0x20 || c == 0x7F)
            cito_buffer_append_format(out, "\\x%02x", c);
        else if (c == '\\' || c == (unsigned char)quote)
            cito_buffer_append_format(out, "\\%c", c);
        else
            cito_buffer_append_char(out, (char)c);
    }
    cito_buffer_append_char(out, quote);
}

static void plan_enum(struct cito_type_plan *plan, cito_arena *arena, cito_buffer *text)
{
    const char *const *members = plan->type->members;
    while (members[plan->member_count])
        plan->member_count++;
    cito_str *names = cito_arena_take(arena, (plan->member_count + 1) * sizeof *names),
             *texts = cito_arena_take(arena, (plan->member_count + 1) * sizeof *texts);
    for (uint32_t i = 0; i < plan->member_count; i++) {
        names[i] = (cito_str){ members[i], strlen(members[i]) };
        cito_json_write_string(text, names[i]);
        texts[i] = take_text(text, arena);
    }
    plan->members = names;
    plan->member_texts = texts;
    for (uint32_t i = 0; i < plan->member_count; i++) {
        if (i)
            cito_buffer_append_str(text, i + 1 == plan->member_count ? CITO_STR(" or ") : CITO_STR(", "));
        append_repr(text, members[i]);
    }
    plan->expected = take_text(text, arena);
}

/* Where the walk through flattened models stands. */
typedef struct flatten_level {
    const struct flatten_level *outer;
    size_t base;
    cito_plan_bit flatten_bit; /* the owner's bit for this model */
    uint32_t depth;
} flatten_level;

typedef struct plan_builder {
    struct cito_type_plan *plan;
    cito_arena *arena, *texts;
    cito_buffer text;
    uint32_t capacity, set_capacity, validator_capacity;
    const char *problem;
} plan_builder;

/* Room for one more in a growing row of the plan's arena. */
static void *grow(cito_arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? 2 * *capacity : 8;
    void *grown = cito_arena_take(arena, *capacity * size);
    if (count)
        memcpy(grown, items, count * size);
    return grown;
}

static const cito_plan_bit *make_bits(plan_builder *builder, const flatten_level *level, cito_plan_bit own, uint32_t *out_count)
{
    cito_plan_bit *bits = cito_arena_take(builder->arena, (level->depth + 1) * sizeof *bits);
    uint32_t count = 0;
    bits[count++] = own;
    for (const flatten_level *at = level; at->outer; at = at->outer)
        bits[count++] = at->flatten_bit;
    *out_count = count;
    return bits;
}

static void add_field(plan_builder *builder, const flatten_level *level, const cito_type *owner, size_t index)
{
    struct cito_type_plan *plan = builder->plan;
    const cito_field *field = &owner->fields[index];
    plan->fields = grow(builder->arena, plan->fields, plan->field_count, &builder->capacity, sizeof *plan->fields);
    cito_plan_field *planned = &plan->fields[plan->field_count++];
    *planned = (cito_plan_field){ .field = field, .type = field->type, .checks = field };
    while (planned->type->kind == CITO_KIND_ANNOTATED) {
        const cito_validator *outer = NULL;
        cito_field *merged = cito_arena_take(builder->arena, sizeof *merged);
        *merged = cito_field_merge(planned->checks, planned->type->annotated, &outer);
        planned->checks = merged;
        if (outer)
            planned->outer_after = outer;
        planned->type = planned->type->element;
    }
    planned->strict = planned->checks->strict;
    if (!cito_field_has_checks(planned->checks))
        planned->checks = NULL;
    planned->kind = planned->type->kind;
    planned->offset = plan->type->kind == CITO_KIND_UNION ? plan->type->tail_offset : level->base + field->offset;
    planned->required = cito_field_is_required(field);
    const char *key = field->alias ? field->alias : field->name;
    planned->key = (cito_str){ key, strlen(key) };
    cito_json_write_string(&builder->text, planned->key);
    cito_buffer_append_char(&builder->text, ':');
    planned->key_text = take_text(&builder->text, builder->arena);
    if (owner->kind == CITO_KIND_MODEL) {
        cito_plan_bit own = { level->base + owner->tail_offset, UINT64_C(1) << index };
        planned->bits = make_bits(builder, level, own, &planned->bit_count);
    }
    plan->required_count += planned->required;
}

static void add_validators(plan_builder *builder, const cito_type *model, size_t base)
{
    struct cito_type_plan *plan = builder->plan;
    const cito_model_validator *declared = NULL;
    while ((declared = cito_model_validator_next(model, declared)) != NULL) {
        cito_plan_validator *rows =
            grow(builder->arena, (void *)plan->validators, plan->validator_count, &builder->validator_capacity, sizeof *rows);
        rows[plan->validator_count++] = (cito_plan_validator){ &declared->validator, base };
        plan->validators = rows;
    }
}

static void add_model(plan_builder *builder, const cito_type *model, const flatten_level *level)
{
    struct cito_type_plan *plan = builder->plan;
    size_t *offsets = grow(builder->arena, (void *)plan->set_offsets, plan->set_count, &builder->set_capacity, sizeof *offsets);
    offsets[plan->set_count++] = level->base + model->tail_offset;
    plan->set_offsets = offsets;
    if (!plan->config)
        plan->config = cito_model_config_of(model);
    for (size_t i = 0; i < model->field_count; i++) {
        const cito_field *field = &model->fields[i];
        const cito_type *inner = cito_type_peel(field->type);
        if (!field->flatten) {
            add_field(builder, level, model, i);
        } else if (inner->kind == CITO_KIND_MODEL) {
            cito_plan_bit bit = { level->base + model->tail_offset, UINT64_C(1) << i };
            flatten_level inside = { .outer = level, .base = level->base + field->offset, .flatten_bit = bit, .depth = level->depth + 1 };
            add_model(builder, inner, &inside);
        } else {
            builder->problem = cito_arena_format(builder->texts, "%s:%d: %s.%s: flatten is for a model; take it away", model->file,
                                                 model->line, model->name, field->name)
                                   .data;
        }
    }
    add_validators(builder, model, level->base); /* those of flattened models stand before, as inherited ones do */
}

static void plan_model(plan_builder *builder)
{
    struct cito_type_plan *plan = builder->plan;
    const cito_type *type = plan->type;
    /* Its own configuration goes before that of what it flattens. */
    plan->config = cito_model_config_of(type);
    flatten_level top = { 0 };
    add_model(builder, type, &top);
    if (plan->config) {
        plan->extra = plan->config->extra;
        plan->strict = plan->config->strict;
    }
    for (uint32_t i = 0; i < plan->field_count; i++) {
        plan->fields[i].strict |= plan->strict;
        for (uint32_t j = 0; j < i && !builder->problem; j++)
            if (strcmp(plan->fields[i].key.data, plan->fields[j].key.data) == 0)
                builder->problem = cito_arena_format(builder->texts, "%s:%d: %s: two fields are called \"%s\" in JSON; give one an alias",
                                                     type->file, type->line, type->name, plan->fields[i].key.data)
                                       .data;
    }
    if (plan->field_count > CITO_PLAN_FIELDS_MAX)
        builder->problem = cito_arena_format(builder->texts, "%s:%d: %s: more than %d fields with the flattened ones; nest some of them",
                                             type->file, type->line, type->name, CITO_PLAN_FIELDS_MAX)
                               .data;
}

static void plan_members(plan_builder *builder)
{
    struct cito_type_plan *plan = builder->plan;
    flatten_level top = { 0 };
    for (size_t i = 0; i < plan->type->field_count; i++) {
        add_field(builder, &top, plan->type, i);
        plan->fields[i].label = cito_union_label(builder->arena, plan->type->fields[i].type);
        if (i)
            cito_buffer_append_literal(&builder->text, ", ");
        append_repr(&builder->text, plan->type->fields[i].name);
        /* add_field uses the same buffer: what is there so far is kept aside */
        plan->expected_tags = cito_arena_format(builder->arena, "%s%.*s", plan->expected_tags.data ? plan->expected_tags.data : "",
                                                (int)builder->text.len, builder->text.data);
        builder->text.len = 0;
    }
}

static void plan_defaults(plan_builder *builder)
{
    struct cito_type_plan *plan = builder->plan;
    for (uint32_t i = 0; i < plan->field_count && !builder->problem; i++) {
        cito_plan_field *field = &plan->fields[i];
        if (plan->type->kind != CITO_KIND_MODEL || field->required)
            continue;
        const char *problem = cito_default_prepare(field->field, builder->texts, &field->default_value);
        if (problem)
            builder->problem = cito_arena_format(builder->texts, "%s:%d: %s.%s: %s", plan->type->file, plan->type->line,
                                                 plan->type->name ? plan->type->name : "", field->field->name, problem)
                                   .data;
    }
}

/* Recursive: decoding a default needs the plans of what it is made of. */
static pthread_mutex_t plan_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static cito_arena plan_arena;

void cito_plan_lock(void) { pthread_mutex_lock(&plan_lock); }

void cito_plan_unlock(void) { pthread_mutex_unlock(&plan_lock); }

cito_arena *cito_plan_arena(void)
{
    if (!plan_arena.blocks)
        cito_arena_init(&plan_arena, 0);
    return &plan_arena;
}

const char *cito_plan_build(const cito_type *type, cito_arena *texts)
{
    cito_plan_lock();
    if (__atomic_load_n(type->plan,
                        __ATOMIC_ACQUIRE)) { /* made meanwhile, or being made by this thread: a default that holds its own model */
        cito_plan_unlock();
        return NULL;
    }
    cito_arena *arena = cito_plan_arena();
    struct cito_type_plan *plan = cito_arena_take_zeroed(arena, sizeof *plan);
    plan->type = type;
    plan_builder builder = { .plan = plan, .arena = arena, .texts = texts };
    cito_buffer_init(&builder.text);
    if (type->kind == CITO_KIND_ENUM)
        plan_enum(plan, arena, &builder.text);
    else if (type->kind == CITO_KIND_MODEL)
        plan_model(&builder);
    else
        plan_members(&builder);
    cito_buffer_finish(&builder.text);
    make_table(plan, arena);
    if (!builder.problem) {
        __atomic_store_n(type->plan, plan, __ATOMIC_RELEASE);
        plan_defaults(&builder);
    }
    if (builder.problem)
        __atomic_store_n(type->plan, NULL, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&plan->ready, true, __ATOMIC_RELEASE);
    cito_plan_unlock();
    return builder.problem;
}

const struct cito_type_plan *cito_plan_make(const cito_type *type)
{
    cito_arena texts;
    cito_arena_init(&texts, 0);
    const char *problem = cito_plan_build(type, &texts);
    if (problem)
        cito_die(1, "%s", problem);
    cito_arena_finish(&texts);
    return __atomic_load_n(type->plan, __ATOMIC_ACQUIRE);
}
