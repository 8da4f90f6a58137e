/* Components: collects the records that a document refers to and finds their names.
 *
 * Invariant: no two items are the same record in the same direction; equal declarations from several files count as one record. Names are
 * final after cito_components_name. Threading: at start, one thread. */
#include "schema/components.h"
#include "json/writer.h"
#include "schema/plan.h"
#include <stdlib.h>

cito_components *cito_components_new(void)
{
    cito_components *components = calloc(1, sizeof *components);
    if (!components)
        abort();
    cito_arena_init(&components->arena, 0);
    return components;
}

void cito_components_free(cito_components *components)
{
    if (!components)
        return;
    cito_arena_finish(&components->arena);
    free(components->items);
    free(components->texts);
    free(components);
}

bool cito_component_is(const cito_type *type) { return type->kind == CITO_KIND_MODEL || (type->kind == CITO_KIND_ENUM && type->name); }

static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 16;
    items = realloc(items, *capacity * size);
    if (!items)
        abort();
    return items;
}

static cito_component *find(cito_components *components, const cito_type *type, bool is_output)
{
    for (size_t i = 0; i < components->count; i++) {
        cito_component *item = &components->items[i];
        if (item->is_output == is_output &&
            (item->type == type || (!strcmp(item->type->name, type->name) && cito_type_equal(item->type, type))))
            return item;
    }
    return NULL;
}

static cito_component *add(cito_components *components, const cito_type *type, bool is_output)
{
    components->items = grow(components->items, components->count, &components->capacity, sizeof *components->items);
    cito_component *item = &components->items[components->count++];
    *item = (cito_component){ .type = type, .is_output = is_output, .name = { type->name, strlen(type->name) } };
    return item;
}

void cito_components_collect(cito_components *components, const cito_type *type, bool is_output)
{
    while (type && type->element)
        type = type->element;
    if (!type || (cito_component_is(type) && find(components, type, is_output)))
        return;
    if (cito_component_is(type))
        add(components, type, is_output);
    if (type->kind == CITO_KIND_MODEL) {
        const struct cito_type_plan *plan = cito_plan_of(type);
        for (uint32_t i = 0; i < plan->field_count; i++)
            if (!plan->fields[i].field->exclude_from_schema && !(is_output && plan->fields[i].field->exclude))
                cito_components_collect(components, plan->fields[i].type, is_output);
    } else if (type->kind == CITO_KIND_UNION || type->kind == CITO_KIND_TUPLE) {
        for (size_t i = 0; i < type->field_count; i++)
            cito_components_collect(components, type->fields[i].type, is_output);
    }
}

/* "routers/items.c" and Item as "routers__items__Item", as a Python module's path would be. */
static cito_str long_name(cito_components *components, const cito_type *type)
{
    const char *file = type->file ? type->file : "";
    while (file[0] == '/' || file[0] == '.')
        file++;
    size_t len = strlen(file);
    for (size_t i = len; i > 0 && file[i - 1] != '/'; i--)
        if (file[i - 1] == '.')
            len = i - 1;
    cito_buffer name;
    cito_buffer_init(&name);
    for (size_t i = 0; i < len; i++) {
        char c = file[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        cito_buffer_append(&name, c == '/' ? "__" : is_word ? &c : "_", c == '/' ? 2 : 1);
    }
    cito_buffer_append_format(&name, "__%s", type->name);
    cito_str copy = cito_arena_copy_str(&components->arena, name.data, name.len);
    cito_buffer_finish(&name);
    return copy;
}

/* Different records of one name get long names, all of them. */
static void find_long_names(cito_components *components)
{
    for (size_t i = 0; i < components->count; i++) {
        const cito_type *type = components->items[i].type;
        for (size_t j = 0; j < components->count; j++) {
            const cito_type *other = components->items[j].type;
            if (other != type && !strcmp(other->name, type->name) && !cito_type_equal(other, type)) {
                components->items[i].name = long_name(components, type);
                break;
            }
        }
    }
}

/* Merges the two directions of a record whose schemas have come to be equal. As pydantic does, every pair starts apart: a record that
 * refers to itself stays so. */
static bool merge_equal(cito_components *components)
{
    bool changed = false;
    for (size_t i = 0; i < components->count; i++) {
        cito_component *input = &components->items[i], *output;
        if (input->is_output || !input->separate || !(output = find(components, input->type, true)))
            continue;
        cito_str first = cito_json_schema_record(components, input->type, false),
                 second = cito_json_schema_record(components, output->type, true);
        if (first.len == second.len && !memcmp(first.data, second.data, first.len)) {
            input->separate = output->separate = false;
            changed = true;
        }
    }
    return changed;
}

void cito_components_name(cito_components *components)
{
    find_long_names(components);
    for (size_t i = 0; i < components->count; i++)
        components->items[i].separate = find(components, components->items[i].type, !components->items[i].is_output) != NULL;
    while (merge_equal(components))
        continue;
    for (size_t i = 0; i < components->count; i++) {
        cito_component *item = &components->items[i];
        if (item->separate)
            item->name = cito_arena_format(&components->arena, "%s-%s", item->name.data, item->is_output ? "Output" : "Input");
        item->separate = false;
    }
}

cito_str cito_components_name_of(cito_components *components, const cito_type *type, bool is_output)
{
    cito_component *item = find(components, type, is_output);
    if (!item)
        item = add(components, type, is_output);
    /* While names are being found, the directions are told apart. */
    return item->separate ? cito_arena_format(&components->arena, "%s-%s", item->name.data, is_output ? "Output" : "Input") : item->name;
}

static void add_text(cito_components *components, cito_str name, cito_str json)
{
    components->texts = grow(components->texts, components->text_count, &components->text_capacity, sizeof *components->texts);
    components->texts[components->text_count++] = (cito_component_text){ name, json };
}

void cito_components_add_text(cito_components *components, const char *name, cito_str json)
{
    cito_arena *arena = &components->arena;
    for (size_t i = 0; i < components->text_count; i++)
        if (!strcmp(components->texts[i].name.data, name))
            return;
    add_text(components, cito_arena_copy_str(arena, name, strlen(name)), cito_arena_copy_str(arena, json.data, json.len));
}

static int compare_names(const void *first, const void *second)
{
    return strcmp(((const cito_component_text *)first)->name.data, ((const cito_component_text *)second)->name.data);
}

void cito_components_write(cito_components *components, cito_buffer *buffer)
{
    /* Writing a record may add those that nobody collected, so the count is read anew each time. */
    for (size_t i = 0; i < components->count; i++) {
        cito_str json = cito_json_schema_record(components, components->items[i].type, components->items[i].is_output);
        add_text(components, components->items[i].name, json);
    }
    if (components->text_count) /* qsort of nothing at NULL is undefined */
        qsort(components->texts, components->text_count, sizeof *components->texts, compare_names);
    for (size_t i = 0, written = 0; i < components->text_count; i++) {
        if (i && !strcmp(components->texts[i].name.data, components->texts[i - 1].name.data))
            continue;
        if (written++)
            cito_buffer_append_char(buffer, ',');
        cito_json_write_string(buffer, components->texts[i].name);
        cito_buffer_append_char(buffer, ':');
        cito_buffer_append_str(buffer, components->texts[i].json);
    }
}
