/* Redis script: a Lua text that runs as one step in the server, called by its SHA-1 (EVALSHA). Thread rule: the sha is computed on first use, on the loop's
 * thread of the process. */
#pragma once
#include <cito/value.h>

typedef struct cito_redis_script {
    const char *text;
    char sha[41]; /* empty: not computed yet */
} cito_redis_script;

/* The 40 hexadecimal digits by which Redis knows the script. */
cito_str cito_redis_script_sha(cito_redis_script *);
