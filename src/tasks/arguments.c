/* Arguments: a message's args and kwargs fitted to a callable's parameters: first by place, then by name, with the texts that Python's calls have.
 * A parameter with the word args takes what is left of the places, one with kwargs what is left of the names, as *args and **kwargs do.
 * Threading: as the arena. */
#include "json/value.h"
#include "schema/decode.h"
#include "tasks/message_names.h"
#include "tasks/task.h"

enum { PARAM_MAX = 128 };

typedef struct fitting {
    const cito_callable *callable;
    cito_arena *arena;
    int rest, named; /* the parameters that take what is left; -1: none */
    size_t place_count;
    size_t places[PARAM_MAX]; /* of the others */
    const cito_value *given[PARAM_MAX];
    bool is_given[PARAM_MAX];
} fitting;

static const char *wire_name(const cito_field *param) { return param->alias ? param->alias : param->name; }

static const char *text_of(cito_str text) { return text.data ? text.data : "its arguments are larger than the memory of a task"; }

static bool takes_rest(const cito_field *param) { return param->all_args || param->all_kwargs; }

static int find_param(const cito_callable *callable, cito_str name)
{
    for (size_t i = 0; i < callable->param_count; i++)
        if (takes_rest(&callable->params[i]))
            continue;
        else if (cito_str_equal(name, wire_name(&callable->params[i])) || cito_str_equal(name, callable->params[i].name))
            return (int)i;
    return -1;
}

static size_t required_count(const cito_callable *callable)
{
    size_t count = 0;
    for (size_t i = 0; i < callable->param_count; i++)
        count += !takes_rest(&callable->params[i]) && cito_field_is_required(&callable->params[i]);
    return count;
}

static void find_places(fitting *this)
{
    this->rest = this->named = -1;
    for (size_t i = 0; i < this->callable->param_count; i++) {
        if (this->callable->params[i].all_args)
            this->rest = (int)i;
        else if (this->callable->params[i].all_kwargs)
            this->named = (int)i;
        else
            this->places[this->place_count++] = i;
    }
}

static cito_value *container(fitting *this, int place, cito_value_kind kind, size_t count)
{
    cito_value *value = cito_arena_take_zeroed(this->arena, sizeof *value);
    size_t size = kind == CITO_VALUE_ARRAY ? sizeof *value->as.elements : sizeof *value->as.members;
    void *items = cito_arena_take_zeroed(this->arena, count * size + 1);
    if (!value || !items)
        return NULL;
    *value = (cito_value){ .kind = kind };
    if (kind == CITO_VALUE_ARRAY)
        value->as.elements = items;
    else
        value->as.members = items;
    this->given[place] = value;
    this->is_given[place] = true;
    return value;
}

static const char *rest_by_place(fitting *this, const cito_value *args, size_t count)
{
    size_t more = count > this->place_count ? count - this->place_count : 0;
    cito_value *rest = container(this, this->rest, CITO_VALUE_ARRAY, more);
    if (!rest)
        return text_of((cito_str){ NULL, 0 });
    for (size_t i = 0; i < more; i++)
        rest->as.elements[i] = args->as.elements[this->place_count + i];
    rest->count = (uint32_t)more;
    return NULL;
}

static const char *by_place(fitting *this, const cito_value *args)
{
    const cito_callable *callable = this->callable;
    size_t count = cito_value_count(args), least = required_count(callable), most = this->place_count;
    if (count > most && this->rest < 0) {
        const char *plural = most == 1 ? "" : "s", *verb = count == 1 ? "was" : "were";
        if (least < most)
            return text_of(cito_arena_format(this->arena, "%s() takes from %zu to %zu positional arguments but %zu %s given",
                                             callable->name, least, most, count, verb));
        return text_of(cito_arena_format(this->arena, "%s() takes %zu positional argument%s but %zu %s given", callable->name, most, plural,
                                         count, verb));
    }
    for (size_t i = 0; i < count && i < most; i++) {
        this->given[this->places[i]] = args->as.elements[i];
        this->is_given[this->places[i]] = true;
    }
    return this->rest < 0 ? NULL : rest_by_place(this, args, count);
}

static const char *by_name(fitting *this, const cito_value *kwargs)
{
    cito_value *named = this->named < 0 ? NULL : container(this, this->named, CITO_VALUE_OBJECT, cito_value_count(kwargs));
    if (this->named >= 0 && !named)
        return text_of((cito_str){ NULL, 0 });
    for (size_t i = 0; i < cito_value_count(kwargs); i++) {
        cito_str name = cito_value_key_at(kwargs, i);
        int place = find_param(this->callable, name);
        if (place < 0 && named) {
            named->as.members[named->count++] = kwargs->as.members[i];
            continue;
        }
        if (place < 0)
            return text_of(cito_arena_format(this->arena, "%s() got an unexpected keyword argument '%.*s'", this->callable->name,
                                             (int)name.len, name.data));
        if (this->is_given[place])
            return text_of(cito_arena_format(this->arena, "%s() got multiple values for argument '%.*s'", this->callable->name,
                                             (int)name.len, name.data));
        this->given[place] = kwargs->as.members[i].value;
        this->is_given[place] = true;
    }
    return NULL;
}

/* "'x'", "'x' and 'y'", "'x', 'y', and 'z'" */
static const char *missing_text(const fitting *this, const size_t *missing, size_t count)
{
    cito_buffer names;
    cito_buffer_init(&names);
    for (size_t i = 0; i < count; i++) {
        const char *before = i == 0 ? "" : i + 1 < count ? ", " : count == 2 ? " and " : ", and ";
        cito_buffer_append_format(&names, "%s'%s'", before, wire_name(&this->callable->params[missing[i]]));
    }
    cito_str text = cito_arena_format(this->arena, "%s() missing %zu required positional argument%s: %.*s", this->callable->name, count,
                                      count == 1 ? "" : "s", (int)names.len, names.data);
    cito_buffer_finish(&names);
    return text_of(text);
}

static const char *check_missing(const fitting *this)
{
    size_t missing[PARAM_MAX], count = 0;
    for (size_t i = 0; i < this->callable->param_count; i++)
        if (!this->is_given[i] && !takes_rest(&this->callable->params[i]) && cito_field_is_required(&this->callable->params[i]))
            missing[count++] = i;
    return count ? missing_text(this, missing, count) : NULL;
}

/* As pydantic's exception reads, on one line. */
static const char *invalid_text(const fitting *this, const cito_errors *errors)
{
    cito_buffer text;
    cito_buffer_init(&text);
    cito_buffer_append_format(&text, "%zu validation error%s for %s", errors->count, errors->count == 1 ? "" : "s", this->callable->name);
    for (size_t i = 0; i < errors->count; i++) {
        cito_buffer_append_str(&text, i ? CITO_STR("; ") : CITO_STR(": "));
        for (size_t part = 0; part < cito_value_count(errors->items[i].loc); part++) {
            const cito_value *name = cito_value_at(errors->items[i].loc, part);
            if (part)
                cito_buffer_append_char(&text, '.');
            if (cito_value_kind_of(name) == CITO_VALUE_STRING)
                cito_buffer_append_str(&text, cito_value_string(name));
            else
                cito_buffer_append_format(&text, "%lld", (long long)cito_value_int(name));
        }
        cito_buffer_append_format(&text, ": %.*s", (int)errors->items[i].msg.len, errors->items[i].msg.data);
    }
    cito_str copy = cito_arena_copy_str(this->arena, text.data, text.len);
    cito_buffer_finish(&text);
    return text_of(copy);
}

/* Such a parameter is given what came, kombu's {"__type__", "__value__"} included, so that it goes on to others unchanged. */
static bool is_any(const cito_type *type)
{
    return type->kind == CITO_KIND_ANY || (type->kind == CITO_KIND_OPTIONAL && type->element->kind == CITO_KIND_ANY);
}

static const char *decode_all(fitting *this, char *into)
{
    const char *error;
    cito_errors errors;
    cito_errors_init(&errors, this->arena);
    for (size_t i = 0; i < this->callable->param_count; i++) {
        const cito_field *param = &this->callable->params[i];
        const char *name = wire_name(param);
        cito_loc loc = { .name = { name, strlen(name) } };
        if (!this->is_given[i])
            cito_decode_default(param, into + param->offset, this->arena);
        else if (!is_any(param->type) && (error = cito_kombu_values_resolve(&this->given[i], this->arena)))
            return error;
        else if (!cito_decode_value(this->given[i], param->type, param, &loc, into + param->offset, this->arena, &errors) && !errors.count)
            return text_of((cito_str){ NULL, 0 });
    }
    return errors.count ? invalid_text(this, &errors) : NULL;
}

const char *cito_task_decode(const cito_task *task, const cito_message_body *body, cito_arena *arena, void **out_args)
{
    fitting this = { .callable = task->callable, .arena = arena };
    char *into = cito_arena_take_zeroed(arena, task->callable->args_size + 1);
    if (!into)
        return text_of((cito_str){ NULL, 0 });
    *out_args = into;
    find_places(&this);
    const char *error = by_place(&this, body->args);
    if (!error)
        error = by_name(&this, body->kwargs);
    if (!error)
        error = check_missing(&this);
    return error ? error : decode_all(&this, into);
}
