/* What the tests of src/api share: answers compared as JSON, mistakes of an application that is not made, the log kept instead of written. */
#pragma once
#include "api/api.h"
#include "base/log.h"
#include "web/memory_client.h"
#include <cito.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../trace.h"

__attribute__((unused)) static void assert_answer(const cito_reply *reply, int status, const char *json)
{
    if (reply->status_code != status || !cito_json_equal(reply->body, json))
        fail_msg("%d %.*s\nis not %d %s", reply->status_code, (int)reply->body.len, reply->body.data, status, json);
}

__attribute__((unused)) static void assert_text_answer(const cito_reply *reply, int status, const char *text)
{
    if (reply->status_code != status || !cito_str_equal(reply->body, text))
        fail_msg("%d %.*s\nis not %d %s", reply->status_code, (int)reply->body.len, reply->body.data, status, text);
}

__attribute__((unused)) static void assert_header(const cito_reply *reply, const char *name, const char *expected)
{
    const cito_str *value = cito_reply_header_get(reply, name);
    if (expected ? !value || !cito_str_equal(*value, expected) : value != NULL)
        fail_msg("%s: \"%s\" is not \"%s\"", name, value ? value->data : "(none)", expected ? expected : "(none)");
}

/* "type at loc" of each error of a 422, one behind the other. */
__attribute__((unused)) static const char *errors_of(const cito_reply *reply)
{
    static char all[2048];
    all[0] = '\0';
    const cito_value *detail = cito_value_get(cito_json_parse(reply->body.data), "detail");
    for (size_t i = 0; i < cito_value_count(detail); i++) {
        const cito_value *error = cito_value_at(detail, i);
        cito_str loc = cito_json_text(cito_value_get(error, "loc"), 0);
        size_t len = strlen(all);
        snprintf(all + len, sizeof all - len, "%s%s %s", len ? ", " : "", cito_value_string(cito_value_get(error, "type")).data, loc.data);
    }
    return all;
}

__attribute__((unused)) static const cito_reply *ask(cito_test_client *client, const char *method, const char *url, const char *name,
                                                     const char *value, const char *body)
{
    const char *const headers[][2] = { { name, value }, { NULL, NULL } };
    return cito_client_request(client, method, url, headers, (cito_str){ body ? body : "", body ? strlen(body) : 0 });
}

#define FORM "content-type", "application/x-www-form-urlencoded"
#define JSON "content-type", "application/json"

/* What is said of an application that is not made: the lines without the file's folders and line numbers. */
__attribute__((unused)) static void assert_mistakes(cito_router *app, const char *expected)
{
    static char shown[4096];
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    cito_api *api = cito_api_new(app, &mistakes);
    size_t len = 0;
    if (api)
        fail_msg("it was made, without a mistake");
    for (size_t i = 0; i < mistakes.len; i++) {
        size_t line = strcspn(mistakes.data + i, "\n");
        const char *text = strstr(mistakes.data + i, ".c:");
        assert_non_null(text);
        text += 3;
        assert_true(*text >= '1' && *text <= '9');
        text += strspn(text, "0123456789") + 2;
        len += (size_t)snprintf(shown + len, sizeof shown - len, "%.*s\n", (int)(mistakes.data + i + line - text), text);
        i += line;
    }
    cito_buffer_finish(&mistakes);
    assert_string_equal(shown, expected);
}

/* The OpenAPI document's value at a path of keys and indexes, as JSON text. */
__attribute__((unused)) static void assert_document(cito_test_client *client, const char *const *keys, const char *expected)
{
    const cito_value *at = cito_json_parse(cito_client_get(client, "/openapi.json")->body.data);
    for (; *keys && at; keys++)
        at = **keys >= '0' && **keys <= '9' && cito_value_kind_of(at) == CITO_VALUE_ARRAY ? cito_value_at(at, (size_t)(**keys - '0'))
                                                                                          : cito_value_get(at, *keys);
    if (!at && !expected)
        return;
    cito_str text = at ? cito_json_text(at, 0) : CITO_STR("(nothing)");
    if (!expected || !cito_json_equal(text, expected))
        fail_msg("%s\nis not %s", text.data, expected ? expected : "(nothing)");
}
#define AT(...) ((const char *const[]){ __VA_ARGS__, NULL })
