/* Dependencies: shared, not cached, once per process; of router, inclusion and application; clean-ups and what they follow. */
#include <cito.h>

static int settings_made, session_count;

CITO_ASYNC_DEF(none, check_client, (opt(str), x_client, header))
{
    if (x_client && cito_str_equal(*x_client, "bad"))
        cito_raise_with(.status_code = 403, .headers = { { "X-Why", "client" } });
}

CITO_APP(app, .dependencies = {CITO_DEPENDS(check_client)});

CITO_CACHED
CITO_DEF(any, get_settings)
{
    cito_sleep(0.05);
    settings_made++;
    return cito_object("name", "settings", "made", settings_made);
}

static void close_session(void *name)
{
    cito_log("info", "closed %s", (const char *)name);
}

CITO_ASYNC_DEF(int, get_session, (depends(get_settings), settings))
{
    cito_defer(close_session, "session");
    return ++session_count;
}

CITO_DEF(int, get_user, (depends(get_session), session), (str, user))
{
    cito_defer(close_session, "user");
    if (cito_str_equal(user, "nobody"))
        cito_raise(401, "Nobody is no user");
    return session;
}

CITO_GET(app, "/shared")
CITO_ASYNC_DEF(any, read_shared, (depends(get_session), first), (depends(get_user), second), (depends(get_session), third, no_cache))
{
    return cito_object("shared", first == second, "own", third != first);
}

CITO_GET(app, "/settings")
CITO_ASYNC_DEF(any, read_settings, (depends(get_settings), settings))
{
    return settings;
}

CITO_DEF(any, page, (int, skip, default(0), ge(0)), (int, limit, default(10), le(100)))
{
    return cito_object("skip", skip, "limit", limit);
}

CITO_GET(app, "/errors/{number}")
CITO_ASYNC_DEF(any, read_errors, (int, number), (depends(page), page), (bool, flag))
{
    return cito_object("number", number, "page", page, "flag", flag);
}

CITO_DEF(none, only_members, (str, x_member, header))
{
}

CITO_ROUTER(inner, .prefix = "/inner");
CITO_ROUTER(outer, .prefix = "/outer", .dependencies = {CITO_DEPENDS(only_members)});

CITO_GET(inner, "/")
CITO_ASYNC_DEF(any, read_inner)
{
    return cito_object("path", "inner");
}

CITO_INCLUDE_ROUTER(outer, inner, "/a")
CITO_INCLUDE_ROUTER(app, outer, "/v1")
CITO_INCLUDE_ROUTER(app, inner, "")
CITO_MAIN(app)
