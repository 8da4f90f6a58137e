/* The route tree: its rules one by one, then random route sets against a reference that tries every route in declaration order with PCRE2, which is
 * what Starlette does with Python's re. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "web/router.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pcre2.h>

static cito_str text(const char *chars) { return (cito_str){ chars, strlen(chars) }; }

static const char *target_of(const cito_route_tree *tree, const char *method, const char *path, cito_route_match *match)
{
    bool found = cito_route_tree_match(tree, text(method), text(path), match);
    assert_int_equal(found, match->target != NULL);
    return match->target;
}

static void add(cito_route_tree *tree, const char *methods, const char *path, const char *target)
{
    const char *error = cito_route_tree_add(tree, methods, path, (void *)target);
    if (error)
        fail_msg("%s", error);
}

static void assert_value(const cito_route_match *match, size_t index, const char *expected)
{
    assert_true(index < match->value_count);
    if (!cito_str_equal(match->values[index], expected))
        fail_msg("value %zu is %.*s, not %s", index, (int)match->values[index].len, match->values[index].data, expected);
}

static void first_declared_wins(void **state)
{
    (void)state;
    cito_route_tree *tree = cito_route_tree_new();
    cito_route_match match;
    add(tree, "GET", "/users/me", "me");
    add(tree, "GET", "/users/{id}", "id");
    add(tree, "GET", "/users/all", "hidden");
    assert_string_equal(target_of(tree, "GET", "/users/me", &match), "me");
    assert_int_equal(match.value_count, 0);
    assert_string_equal(target_of(tree, "GET", "/users/all", &match), "id");
    assert_value(&match, 0, "all");
    assert_string_equal(match.names[0], "id");
    assert_string_equal(target_of(tree, "GET", "/users/m", &match), "id");
    assert_string_equal(target_of(tree, "GET", "/users/men", &match), "id");
    assert_null(target_of(tree, "GET", "/users/", &match));
    assert_null(target_of(tree, "GET", "/users", &match));
    assert_null(target_of(tree, "GET", "/users/a/b", &match));
    assert_null(target_of(tree, "GET", "", &match));
    assert_int_equal(match.allow.len, 0);
    cito_route_tree_free(tree);
}

static void methods_decide_and_405_names_the_first(void **state)
{
    (void)state;
    cito_route_tree *tree = cito_route_tree_new();
    cito_route_match match;
    add(tree, "GET,HEAD", "/a", "get");
    add(tree, "POST", "/a", "post");
    add(tree, "PURGE", "/{x}", "purge");
    assert_string_equal(target_of(tree, "HEAD", "/a", &match), "get");
    assert_string_equal(target_of(tree, "POST", "/a", &match), "post");
    assert_string_equal(target_of(tree, "PURGE", "/a", &match), "purge");
    assert_null(target_of(tree, "DELETE", "/a", &match));
    assert_true(cito_str_equal(match.allow, "GET, HEAD"));
    assert_null(target_of(tree, "get", "/b", &match));
    assert_true(cito_str_equal(match.allow, "PURGE"));
    cito_route_tree_free(tree);
}

static void convertors_accept_what_starlette_s_do(void **state)
{
    (void)state;
    cito_route_tree *tree = cito_route_tree_new();
    cito_route_match match;
    add(tree, "GET", "/i/{n:int}", "int");
    add(tree, "GET", "/f/{n:float}", "float");
    add(tree, "GET", "/u/{n:uuid}", "uuid");
    add(tree, "GET", "/p/{n:path}", "path");
    add(tree, "GET", "/q/{n:path}/raw", "raw");
    add(tree, "GET", "/m/{a}-{b}.{c:int}", "mixed");
    static const struct {
        const char *path, *target;
    } cases[] = {
        { "/i/007", "int" },
        { "/i/-1", NULL },
        { "/i/", NULL },
        { "/i/1a", NULL },
        { "/f/1", "float" },
        { "/f/1.25", "float" },
        { "/f/1.", NULL },
        { "/f/.5", NULL },
        { "/u/01234567-89ab-cdef-0123-456789ABCDEF", "uuid" },
        { "/u/0123456789abcdef0123456789abcdef", "uuid" },
        { "/u/0123456789abcdef0123456789abcde", NULL },
        { "/u/0123456-789ab-cdef-0123-456789abcdef", NULL },
        { "/p/", "path" },
        { "/p/a/b//c", "path" },
        { "/p", NULL },
        { "/q/a/raw/raw", "raw" },
        { "/q//raw", "raw" },
        { "/q/raw", NULL },
        { "/m/x-y-z.5.7", "mixed" },
        { "/m/x-y.z", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *target = target_of(tree, "GET", cases[i].path, &match);
        if (target != cases[i].target && (!target || !cases[i].target || strcmp(target, cases[i].target) != 0))
            fail_msg("%s went to %s", cases[i].path, target ? target : "nothing");
    }
    assert_non_null(target_of(tree, "GET", "/q/a/raw/raw", &match));
    assert_value(&match, 0, "a/raw");
    assert_non_null(target_of(tree, "GET", "/m/x-y-z.5.7", &match));
    assert_value(&match, 0, "x-y");
    assert_value(&match, 1, "z.5");
    assert_value(&match, 2, "7");
    cito_route_tree_free(tree);
}

/* Without a limit this would be 8000^4 attempts. */
static void a_made_up_path_ends_soon(void **state)
{
    (void)state;
    cito_route_tree *tree = cito_route_tree_new();
    cito_route_match match;
    static char path[8003];
    add(tree, "GET", "/{a}-{b}-{c}-{d}/x", "dashes");
    add(tree, "GET", "/{rest:path}/raw", "raw");
    memset(path, '-', 8000);
    path[0] = '/';
    strcpy(path + 8000, "/y");
    assert_null(target_of(tree, "GET", path, &match));
    memset(path + 1, 'y', 7998);
    memcpy(path + 1, "/raw", 4);
    memcpy(path + 7990, "/raw", 5);
    assert_string_equal(target_of(tree, "GET", path, &match), "raw");
    assert_int_equal(match.values[0].len, 7989);
    assert_string_equal(target_of(tree, "GET", "/2026-11-21-x/x", &match), "dashes");
    assert_value(&match, 3, "x");
    cito_route_tree_free(tree);
}

static void bad_paths_are_refused_with_a_text(void **state)
{
    (void)state;
    static const char *const bad[] = { "items",
                                       "",
                                       "/{",
                                       "/{}",
                                       "/{1}",
                                       "/{a b}",
                                       "/{a:date}",
                                       "/{a}/{a}",
                                       "/a}",
                                       "/{a:}",
                                       "/{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}" };
    cito_route_tree *tree = cito_route_tree_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *error = cito_route_tree_add(tree, "GET", bad[i], tree);
        assert_non_null(error);
        assert_non_null(strstr(error, bad[i]));
    }
    assert_non_null(cito_route_tree_add(tree, " ,", "/a", tree));
    cito_route_match match;
    assert_null(target_of(tree, "GET", "/a", &match));
    cito_route_tree_free(tree);
}

static void five_thousand_routes_are_all_found(void **state)
{
    (void)state;
    cito_route_tree *tree = cito_route_tree_new();
    cito_route_match match;
    static char paths[5000][64];
    for (int i = 0; i < 5000; i++) {
        snprintf(paths[i], sizeof paths[i], i % 2 ? "/v%d/group%d/item%d" : "/v%d/group%d/item%d/{id}", i % 3, i % 71, i);
        add(tree, "GET", paths[i], paths[i]);
    }
    for (int i = 0; i < 5000; i++) {
        char path[80];
        snprintf(path, sizeof path, i % 2 ? "/v%d/group%d/item%d" : "/v%d/group%d/item%d/x", i % 3, i % 71, i);
        assert_ptr_equal(target_of(tree, "GET", path, &match), paths[i]);
        strcat(path, "/y");
        assert_null(target_of(tree, "GET", path, &match));
    }
    cito_route_tree_free(tree);
}

static void all_first_bytes_have_a_place(void **state)
{
    (void)state;
    cito_route_tree *tree = cito_route_tree_new();
    cito_route_match match;
    static char paths[255][4];
    for (int byte = 1; byte < 256; byte++) {
        snprintf(paths[byte - 1], 4, "/%cz", byte);
        if (byte == '{' || byte == '}')
            assert_non_null(cito_route_tree_add(tree, "GET", paths[byte - 1], tree));
        else
            add(tree, "GET", paths[byte - 1], paths[byte - 1]);
    }
    for (int byte = 1; byte < 256; byte++)
        assert_ptr_equal(target_of(tree, "GET", paths[byte - 1], &match), byte == '{' || byte == '}' ? NULL : paths[byte - 1]);
    cito_route_tree_free(tree);
}

/* ---- the reference ---------------------------------------------------------------------------------------------------------- */

enum { ROUTES = 24, REQUESTS = 60, ROUNDS = 400 };
static uint32_t seed = 20261121;
static unsigned random_below(unsigned limit)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % limit;
}

typedef struct reference {
    char path[128], regex[512];
    const char *method;
    pcre2_code *code;
} reference;
static const char *const methods[] = { "GET", "POST", "PURGE" };

static void make_reference(reference *made)
{
    static const char *const literals[] = { "a", "b", "ab", "/", "/a", "/ab", "/1", "-", ".", "1", "/b/" };
    static const char *const kinds[] = { "", ":int", ":float", ":uuid", ":path" };
    static const char *const regexes[] = { "([^/]+)", "([0-9]+)", "([0-9]+(?:\\.[0-9]+)?)",
                                           "([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})", "(.*)" };
    strcpy(made->path, "/");
    strcpy(made->regex, "\\A/");
    unsigned pieces = random_below(6), names = 0;
    for (unsigned i = 0; i < pieces; i++) {
        char piece[32];
        if (random_below(2) && names < 3) {
            unsigned kind = random_below(8) < 4 ? 0 : random_below(5);
            snprintf(piece, sizeof piece, "{p%u%s}", names++, kinds[kind]);
            strcat(made->path, piece);
            strcat(made->regex, regexes[kind]);
        } else {
            const char *literal = literals[random_below(sizeof literals / sizeof *literals)];
            strcat(made->path, literal);
            strcat(made->regex, "\\Q");
            strcat(made->regex, literal);
            strcat(made->regex, "\\E");
        }
    }
    strcat(made->regex, "\\z");
    made->method = methods[random_below(3)];
    int error;
    PCRE2_SIZE offset;
    made->code = pcre2_compile((PCRE2_SPTR)made->regex, PCRE2_ZERO_TERMINATED, PCRE2_DOTALL, &error, &offset, NULL);
    assert_non_null(made->code);
}

static void make_path(char *path)
{
    static const char *const pieces[] = {
        "a", "b", "ab", "/", "/", "/a", "/1", "-", ".", "1", "2.5", "/b/", "0123456789abcdef0123456789abcdef"
    };
    strcpy(path, "/");
    unsigned count = random_below(8);
    for (unsigned i = 0; i < count; i++)
        strcat(path, pieces[random_below(sizeof pieces / sizeof *pieces)]);
}

static void check_request(const cito_route_tree *tree, const reference *routes, pcre2_match_data *data, unsigned *found_count)
{
    char path[512];
    make_path(path);
    const char *method = methods[random_below(3)];
    const reference *full = NULL, *partial = NULL;
    for (int i = 0; i < ROUTES && !full; i++)
        if (pcre2_match(routes[i].code, (PCRE2_SPTR)path, strlen(path), 0, 0, data, NULL) > 0) {
            if (routes[i].method == method)
                full = &routes[i];
            else if (!partial)
                partial = &routes[i];
        }
    cito_route_match match;
    const reference *target = (const reference *)(const void *)target_of(tree, method, path, &match);
    if (target != full)
        fail_msg("%s %s went to %s, not %s", method, path, target ? target->path : "nothing", full ? full->path : "nothing");
    if (!full)
        assert_true(cito_str_equal(match.allow, partial ? partial->method : ""));
    if (!full)
        return;
    ++*found_count;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    for (size_t i = 0; i < match.value_count; i++) {
        assert_int_equal(match.values[i].data - path, ends[2 * i + 2]);
        assert_int_equal(match.values[i].len, ends[2 * i + 3] - ends[2 * i + 2]);
    }
}

static void random_routes_equal_the_reference(void **state)
{
    (void)state;
    pcre2_match_data *data = pcre2_match_data_create(8, NULL);
    unsigned found_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        static reference routes[ROUTES];
        cito_route_tree *tree = cito_route_tree_new();
        for (int i = 0; i < ROUTES; i++) {
            make_reference(&routes[i]);
            add(tree, routes[i].method, routes[i].path, (const char *)&routes[i]);
        }
        for (int i = 0; i < REQUESTS; i++)
            check_request(tree, routes, data, &found_count);
        for (int i = 0; i < ROUTES; i++)
            pcre2_code_free(routes[i].code);
        cito_route_tree_free(tree);
    }
    pcre2_match_data_free(data);
    assert_true(found_count > ROUNDS * REQUESTS / 10); /* else the paths made here try nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_declared_wins),
        cmocka_unit_test(methods_decide_and_405_names_the_first),
        cmocka_unit_test(convertors_accept_what_starlette_s_do),
        cmocka_unit_test(a_made_up_path_ends_soon),
        cmocka_unit_test(bad_paths_are_refused_with_a_text),
        cmocka_unit_test(five_thousand_routes_are_all_found),
        cmocka_unit_test(all_first_bytes_have_a_place),
        cmocka_unit_test(random_routes_equal_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
