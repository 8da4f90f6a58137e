/* Forms, urlencoded and multipart: what Starlette with python-multipart makes of the same bytes, its texts of refusal, and the limits. Own choices: a
 * preamble, padding behind the first boundary and filename* are understood; a part with an empty filename is absent.
 * Threading: one thread. */
#include "../arena.h"
#include "base/buffer.h"
#include "http/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define URLENCODED              "application/x-www-form-urlencoded"
#define MULTIPART               "multipart/form-data; boundary=B"
#define FIELD(NAME)             "Content-Disposition: form-data; name=\"" NAME "\"\r\n\r\n"
#define FILE_OF(NAME, FILENAME) "Content-Disposition: form-data; name=\"" NAME "\"; filename=\"" FILENAME "\"\r\n"
#define BROKEN                  "There was an error parsing the body"
#define NO_NAME                 "The Content-Disposition header field \"name\" must be provided."

typedef struct form_case {
    const char *content_type, *body;
    const char *expected; /* [name=text] or [name@filename|type|content], or the refusal */
} form_case;

static const form_case cases[] = {
    /* ---- which kind it is ---- */
    { URLENCODED, "a=1&b=x+y%26&a=2&c&=d", "[a=1][b=x y&][a=2][c=][=d]" },
    { "Application/X-WWW-Form-Urlencoded ; charset=utf-8", "a=%C3%A9", "[a=\xc3\xa9]" },
    { URLENCODED, "", "" },
    { URLENCODED, "&&", "" },
    { "application/json", "{}", "" },
    { "", "a=1", "" },
    { "text/plain; boundary=B", "--B\r\n", "" },
    /* ---- fields ---- */
    { MULTIPART, "--B\r\n" FIELD("a") "1\r\n--B\r\n" FIELD("b") "\r\n--B\r\n" FIELD("a") "x\r\ny\r\n--B--\r\n", "[a=1][b=][a=x\r\ny]" },
    { MULTIPART, "", "" },
    { MULTIPART, "--B--\r\n", "" },
    { MULTIPART, "--B--", "" },
    { "multipart/form-data; BOUNDARY=\"a b;c\"", "--a b;c\r\n" FIELD("a") "1\r\n--a b;c--", "[a=1]" },
    { "multipart/form-data; x=y;boundary = B ", "--B\r\n" FIELD("a") "1\r\n--B--", "[a=1]" },
    { MULTIPART, "--B\r\ncontent-DISPOSITION:form-data;name=a\r\n\r\n1\r\n--B--", "[a=1]" },
    { MULTIPART, "--B\r\nContent-Disposition: form-data; name=\"a\\\"b\\\\c;d\"\r\nX-Other: y\r\n\r\n1\r\n--B--", "[a\"b\\c;d=1]" },
    { MULTIPART, "--B\r\n" FIELD("") "1\r\n--B--", "[=1]" },
    { MULTIPART, "--B\r\n" FIELD("\xc3\xa9") "\xe2\x82\xac\r\n--B--", "[\xc3\xa9=\xe2\x82\xac]" },
    { MULTIPART, "--B\r\n" FIELD("a") "caf\xe9\r\n--B--", "[a=caf\xc3\xa9]" },
    { MULTIPART "; charset=iso-8859-1", "--B\r\n" FIELD("a") "\xc3\xa9\r\n--B--", "[a=\xc3\x83\xc2\xa9]" },
    { MULTIPART "; charset=UTF-8", "--B\r\n" FIELD("a") "\xc3\xa9\r\n--B--", "[a=\xc3\xa9]" },
    /* ---- what stands around the parts (RFC 2046 5.1.1) ---- */
    { MULTIPART, "\r\n--B\r\n" FIELD("a") "1\r\n--B--\r\nepilogue\r\n--B\r\n", "[a=1]" },
    { MULTIPART, "preamble\r\n--B\r\n" FIELD("a") "1\r\n--B--", "[a=1]" },
    { MULTIPART, "--B \t\r\n" FIELD("a") "1\r\n--B \r\n" FIELD("b") "2\r\n--B--", "[a=1][b=2]" },
    { MULTIPART, "--B\r\n" FIELD("a") "--B\r\n--Bx\r\n-B\r\n--B-\r\n\r\n--B--", "[a=--B\r\n--Bx\r\n-B\r\n--B-\r\n]" },
    { MULTIPART, "--B\r\n" FIELD("a") "1\r\r\n--B--", "[a=1\r]" },
    { MULTIPART, "--B\r\n" FIELD("a") "1\n--B--\r\n--B--", "[a=1\n--B--]" },
    { MULTIPART, "--B\r\n" FIELD("a") "1\r\n--B\r\n" FIELD("b") "cut off", "[a=1]" },
    { MULTIPART, "--B\r\n" FIELD("a") "1\r\n--B\r\nContent-Dispo", "[a=1]" },
    { MULTIPART, "--B\r\n" FIELD("a") "1\r\n--B", "" },
    /* ---- files ---- */
    { MULTIPART, "--B\r\n" FILE_OF("f", "a.txt") "Content-Type: text/plain\r\n\r\nhello\r\n--B\r\n" FIELD("a") "1\r\n--B--",
      "[f@a.txt|text/plain|hello][a=1]" },
    { MULTIPART, "--B\r\n" FILE_OF("f", "a") "\r\n\r\n--B--", "[f@a||]" },
    { MULTIPART, "--B\r\n" FILE_OF("f", "") "\r\n\r\n--B\r\n" FIELD("a") "1\r\n--B--", "[a=1]" },
    { MULTIPART, "--B\r\n" FILE_OF("f", "C:\\\\dir\\\\a b.txt") "\r\nx\r\n--B--", "[f@a b.txt||x]" },
    { MULTIPART, "--B\r\n" FILE_OF("f", "a\\b.txt") "\r\nx\r\n--B--", "[f@a\\b.txt||x]" },
    { MULTIPART, "--B\r\nContent-Disposition: form-data; name=f; filename*=UTF-8'en'%e2%82%ac%20x.txt\r\n\r\nx\r\n--B--",
      "[f@\xe2\x82\xac x.txt||x]" },
    { MULTIPART, "--B\r\nContent-Disposition: form-data; name=f; filename=p.txt; filename*=UTF-8''q.txt\r\n\r\nx\r\n--B--",
      "[f@p.txt||x]" },
    { MULTIPART, "--B\r\nContent-Disposition: form-data; name=f; filename*=nonsense\r\n\r\nx\r\n--B--", "" },
    /* ---- what is refused ---- */
    { "multipart/form-data", "--B--", "Missing boundary in multipart." },
    { "multipart/form-data; boundary=", "--B--", "Missing boundary in multipart." },
    { "multipart/form-data; boundary=\"\"", "--B--", "Missing boundary in multipart." },
    { MULTIPART, "nothing", BROKEN },
    { MULTIPART, "--C\r\n" FIELD("a") "1\r\n--C--", BROKEN },
    { MULTIPART, "--Bx\r\n" FIELD("a") "1\r\n--B--", BROKEN },
    { MULTIPART,
      "--B\n"
      "Content-Disposition: form-data; name=a\n\n1\n--B--",
      BROKEN },
    { MULTIPART, "--B\r\nContent Disposition: x\r\n\r\n1\r\n--B--", BROKEN },
    { MULTIPART, "--B\r\n" FIELD("a") "1\r\n--B\r\n\xe9", BROKEN },
    { MULTIPART, "--B\r\n: x\r\n\r\n1\r\n--B--", BROKEN },
    { MULTIPART, "--B\r\nContent-Disposition: form-data; name=a\rx\r\n\r\n1\r\n--B--", BROKEN },
    { MULTIPART, "--B\r\n" FIELD("a") "1\r\n--B x\r\n--B--", BROKEN },
    { MULTIPART, "--B\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\nG: 7\r\nH: 8\r\nI: 9\r\n\r\n1\r\n--B--", BROKEN },
    { MULTIPART, "--B\r\n\r\n1\r\n--B--", NO_NAME },
    { MULTIPART, "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", NO_NAME },
};

static cito_str str_of(const char *text) { return (cito_str){ text, strlen(text) }; }

static void note_part(cito_buffer *text, const cito_form_part *part)
{
    assert_int_equal(part->name.data[part->name.len], 0);
    assert_int_equal(part->value.data[part->value.len], 0);
    if (!part->file) {
        cito_buffer_append_format(text, "[%s=%s]", part->name.data, part->value.data);
        return;
    }
    assert_int_equal(part->file->data[part->file->size], 0);
    cito_buffer_append_format(text, "[%s@%s|%s|%s]", part->name.data, part->file->filename.data, part->file->content_type.data,
                              part->file->data);
}

static void forms_as_starlette(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cito_form form;
        cito_buffer text;
        cito_buffer_init(&text);
        const char *wrong = cito_form_parse(&arena, str_of(cases[i].content_type), str_of(cases[i].body), NULL, &form);
        for (size_t k = 0; !wrong && k < form.count; k++)
            note_part(&text, &form.parts[k]);
        cito_buffer_append_format(&text, "%s", wrong ? wrong : "");
        cito_buffer_append_char(&text, '\0');
        if (strcmp(text.data, cases[i].expected) != 0)
            fail_msg("case %zu, %s\n%s\nexpected %s\ngot %s", i, cases[i].content_type, cases[i].body, cases[i].expected, text.data);
        cito_buffer_finish(&text);
    }
}

static const char *parse_repeated(const char *content_type, const char *piece, size_t count, const char *end,
                                  const cito_form_limits *limits, size_t *out_count)
{
    cito_buffer body;
    cito_buffer_init(&body);
    for (size_t i = 0; i < count; i++)
        cito_buffer_append(&body, piece, strlen(piece));
    cito_buffer_append(&body, end, strlen(end));
    cito_form form;
    const char *wrong = cito_form_parse(&arena, str_of(content_type), (cito_str){ body.data, body.len }, limits, &form);
    *out_count = form.count;
    cito_buffer_finish(&body);
    return wrong;
}

static void counts_are_bounded(void **state)
{
    (void)state;
    const char *field = "--B\r\n" FIELD("a") "1\r\n", *file = "--B\r\n" FILE_OF("f", "x") "\r\n1\r\n",
               *nameless = "--B\r\n" FILE_OF("f", "") "\r\n1\r\n";
    size_t count;
    assert_null(parse_repeated(MULTIPART, field, 1000, "--B--", NULL, &count));
    assert_int_equal(count, 1000);
    assert_string_equal(parse_repeated(MULTIPART, field, 1001, "--B--", NULL, &count),
                        "Too many fields. Maximum number of fields is 1000.");
    assert_null(parse_repeated(MULTIPART, file, 1000, "--B--", NULL, &count));
    assert_int_equal(count, 1000);
    assert_string_equal(parse_repeated(MULTIPART, file, 1001, "--B--", NULL, &count), "Too many files. Maximum number of files is 1000.");
    assert_string_equal(parse_repeated(MULTIPART, nameless, 1001, "--B--", NULL, &count),
                        "Too many files. Maximum number of files is 1000.");
    assert_null(parse_repeated(URLENCODED, "a=1&", 1000, "", NULL, &count));
    assert_int_equal(count, 1000);
    assert_string_equal(parse_repeated(URLENCODED, "a=1&", 1001, "", NULL, &count), "Too many fields. Maximum number of fields is 1000.");
    const cito_form_limits few = { .files = 1, .fields = 2 };
    assert_string_equal(parse_repeated(MULTIPART, field, 3, "--B--", &few, &count), "Too many fields. Maximum number of fields is 2.");
    assert_string_equal(parse_repeated(MULTIPART, file, 2, "--B--", &few, &count), "Too many files. Maximum number of files is 1.");
}

/* A text part may have 1 MiB; a file is bounded by the body alone. */
static void sizes_are_bounded(void **state)
{
    (void)state;
    static char body[1100 * 1024];
    const size_t most = 1024 * 1024;
    for (size_t extra = 0; extra <= 1; extra++) {
        for (int is_file = 0; is_file <= 1; is_file++) {
            const char *head = is_file ? "--B\r\n" FILE_OF("f", "x") "\r\n" : "--B\r\n" FIELD("a");
            size_t start = strlen(head);
            memcpy(body, head, start);
            memset(body + start, 'x', most + extra);
            memcpy(body + start + most + extra, "\r\n--B--", 7);
            cito_form form;
            const char *wrong = cito_form_parse(&arena, str_of(MULTIPART), (cito_str){ body, start + most + extra + 7 }, NULL, &form);
            if (extra && !is_file)
                assert_string_equal(wrong, "Part exceeded maximum size of 1024KB.");
            else
                assert_null(wrong);
        }
        memcpy(body, "ab=", 3);
        memset(body + 3, 'x', most - 2 + extra);
        cito_form form;
        const char *wrong = cito_form_parse(&arena, str_of(URLENCODED), (cito_str){ body, most + 1 + extra }, NULL, &form);
        if (extra)
            assert_string_equal(wrong, "Field exceeded maximum size of 1024KB.");
        else
            assert_null(wrong);
    }
}

static void files_may_hold_anything(void **state)
{
    (void)state;
    char body[600] = "--B\r\n" FILE_OF("f", "x") "\r\n", all[256];
    size_t start = strlen(body);
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    memcpy(body + start, all, 256);
    memcpy(body + start + 256, "\r\n--B--", 7);
    cito_form form;
    assert_null(cito_form_parse(&arena, str_of(MULTIPART), (cito_str){ body, start + 263 }, NULL, &form));
    assert_int_equal(form.count, 1);
    assert_int_equal(form.parts[0].file->size, 256);
    assert_memory_equal(form.parts[0].file->data, all, 256);
}

static void a_full_arena_is_refused(void **state)
{
    (void)state;
    cito_arena small;
    cito_form form;
    cito_arena_init(&small, 1);
    assert_non_null(cito_form_parse(&small, str_of(MULTIPART), str_of("--B\r\n" FIELD("a") "1\r\n--B--"), NULL, &form));
    assert_non_null(cito_form_parse(&small, str_of(URLENCODED), str_of("a=1"), NULL, &form));
    cito_arena_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_as_starlette),      cmocka_unit_test(counts_are_bounded),      cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(files_may_hold_anything), cmocka_unit_test(a_full_arena_is_refused),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
