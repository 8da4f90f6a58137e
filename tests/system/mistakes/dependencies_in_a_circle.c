/* 11: GET /: dependencies go in a circle: session -> user -> session; take one depends(…) out */
#include <cito.h>

CITO_APP(app);

typedef int session_result; /* so that user can name what is declared behind it */
extern const cito_callable session_callable;
CITO_DECLARE(int, user, (depends(session), session_id));
CITO_DECLARE(int, session, (depends(user), user_id));

CITO_EXTERN_ASYNC_DEF(int, session, (depends(user), user_id))
{
    return user_id;
}

CITO_EXTERN_ASYNC_DEF(int, user, (depends(session), session_id))
{
    return session_id;
}

CITO_GET(app, "/")
CITO_ASYNC_DEF(any, read_root, (depends(session), id))
{
    return cito_object("id", id);
}

CITO_MAIN(app)
