/* An arena for the tests of a file: arena_begin and arena_end are the setup and teardown of each of them, or of all. */
#pragma once
#include "base/arena.h"

static cito_arena arena;

__attribute__((unused)) static int arena_begin(void **state)
{
    (void)state;
    cito_arena_init(&arena, 0);
    return 0;
}

__attribute__((unused)) static int arena_end(void **state)
{
    (void)state;
    cito_arena_finish(&arena);
    return 0;
}
