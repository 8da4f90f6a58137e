/* The token comes in a plain header: CITO_OAUTH2_PASSWORD_BEARER comes with a later issue. */
#include <cito.h>

CITO_APP(app);

CITO_MODEL(Settings, (str, app_name, default("Awesome API")), (str, admin_email), (int, items_per_user, default(50)));
CITO_MODEL(Page, (opt(str), q), (int, skip), (int, limit));
CITO_MODEL(User, (str, username), (bool, disabled));

typedef struct Database Database;
Database *database_open(const char *url);
void database_close(void *database);
typedef Database *cito_c_Database;
extern const cito_type cito_t_Database[1];

/* Any callable can be a dependency, and can have its own. */
CITO_CACHED /* once per worker process: secrets, settings, model weights */
    CITO_DEF(Settings, get_settings)
{
    return (Settings){ .app_name = cito_string("Shop"), .items_per_user = 50 };
}

CITO_DEF(Database, get_database, (depends(get_settings), settings))
{
    Database *database = database_open(settings.app_name.data);
    cito_defer(database_close, database); /* what stands after `yield` in a FastAPI dependency */
    return database;
}

CITO_DEF(Page, pagination, (opt(str), q), (int, skip, default(0), ge(0)), (int, limit, default(100), le(100)))
{
    return (Page){ .q = q, .skip = skip, .limit = limit };
}

CITO_ASYNC_DEF(User, current_user, (str, x_token, header), (depends(get_database), database))
{
    if (!cito_str_equal(x_token, "secret"))
        cito_raise_with(.status_code = 401, .detail = cito_object("msg", "Not authenticated"),
                        .headers = { { "WWW-Authenticate", "Bearer" } });
    return (User){ .username = cito_string("ada") };
}

CITO_DEF(none, verify_key, (str, x_key, header))
{
    if (!cito_str_equal(x_key, "fake-super-secret-key"))
        cito_raise(400, "X-Key header invalid");
}

CITO_GET(app, "/users/me", .dependencies = {CITO_DEPENDS(verify_key)})
CITO_ASYNC_DEF(User, read_me, (depends(current_user), user), (depends(pagination), page), (depends(get_database), database))
{
    return user;
}
