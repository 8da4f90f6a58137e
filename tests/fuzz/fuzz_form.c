/* Forms on any bytes: the first line is the content type, the rest the body. What comes out is valid UTF-8 with NULs behind it, no larger than what went
 * in, and within the limits; the body stays as it is. */
#include "base/arena.h"
#include "base/utf8.h"
#include "http/form.h"
#include "exact_copy.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(cito_str text) { assert(text.data && text.data[text.len] == '\0' && cito_utf8_is_valid(text.data, text.len)); }

static void check_form(const cito_form *form, const cito_form_limits *limits, size_t size)
{
    size_t files = 0, content = 0;
    for (size_t i = 0; i < form->count; i++) {
        const cito_form_part *part = &form->parts[i];
        check_text(part->name);
        check_text(part->value);
        if (!part->file)
            continue;
        files++;
        content += part->file->size;
        check_text(part->file->filename);
        check_text(part->file->content_type);
        assert(part->file->filename.len > 0 && part->file->data[part->file->size] == '\0');
    }
    assert(files <= limits->files && form->count - files <= limits->fields && content <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cito_form_limits limits = { .files = 3, .fields = 4, .field_size = 64 };
    const uint8_t *line_end = size ? memchr(data, '\n', size) : NULL;
    if (!line_end)
        return 0;
    size_t type_len = (size_t)(line_end - data), body_len = size - type_len - 1;
    char *type = exact_copy(data, type_len), *body = exact_copy(line_end + 1, body_len);
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_form form;
    const char *wrong = cito_form_parse(&arena, (cito_str){ type, type_len }, (cito_str){ body, body_len }, &limits, &form);
    if (!wrong)
        check_form(&form, &limits, size);
    assert(memcmp(body, line_end + 1, body_len) == 0);
    cito_arena_finish(&arena);
    free(type);
    free(body);
    return 0;
}
