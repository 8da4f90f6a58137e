/* What several files of one application share: models, dependencies. */
#pragma once
#include <cito.h>

CITO_MODEL(User, (int64, id), (str, username), (bool, disabled, default(false)));

/* As a prototype does for a function: any file may depend on it or start it. */
CITO_DECLARE(User, current_user, (str, x_token, header));

extern cito_router items;
