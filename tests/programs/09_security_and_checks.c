/* Tokens, scopes, and constraints that no schema can say. */
/* Later issues bring CITO_OAUTH2_PASSWORD_BEARER, CITO_HTTP_BASIC, CITO_API_KEY_HEADER, the words oauth2_form, security and security_scopes, cito_jwt_encode and cito_jwt_decode.
 * The operations that need them are left out. */
#include <cito.h>

CITO_APP(app);

CITO_ANNOTATED(Username, str, min_length(3), max_length(20), pattern("^[a-z0-9_]+$"));
CITO_ANNOTATED(Point, list(double), min_length(2), max_length(2));

CITO_VALIDATOR(str, not_reserved, name) { return cito_str_equal(*name, "root") ? "this name is reserved" : NULL; /* 422, value_error */ }

CITO_MODEL(Signup,
    (Username, username,  after(not_reserved)),
    (email,    email),
    (secret,   password,  min_length(8)),
    (secret,   password_repeat),
    (list(Point), track, default([])));
CITO_MODEL_CONFIG(Signup, .extra = CITO_EXTRA_FORBID, .title = "Sign-up form");

CITO_MODEL_VALIDATOR(Signup, passwords_match, signup)
{
    return cito_str_equal(signup->password, signup->password_repeat.data) ? NULL : "passwords do not match";
}

CITO_MODEL(Profile, (Username, username), (opt(str), email));
CITO_POST(app, "/signup", .status_code = 201, .response_model = CITO_T(Profile))
CITO_ASYNC_DEF(Signup, sign_up, (Signup, signup)) { return signup; /* the passwords stay behind: the response model leaves them out */ }

CITO_MAIN(app)
