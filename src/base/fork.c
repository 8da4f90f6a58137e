/* Forks are counted by the C library's hook, in the child and before fork returns there.
 *
 * Invariant: a child's depth is one more than its parent's. A process made by another way than fork(3), as a bare clone(2), is not counted; nothing here makes one.
 * Threading: written while a child has one thread only. */
#include "base/fork.h"

#include <pthread.h>

static uint32_t depth;

static void count_child(void) { depth++; }

__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(NULL, NULL, count_child); }

uint32_t cito_fork_depth(void) { return depth; }
