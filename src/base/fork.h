/* Forks: how a process knows that what lies in its memory was made by its parent. getpid says it too, and is a system call. Thread rule: any. */
#pragma once
#include <stdint.h>

/* How many forks lie between the first process and this one: what was kept under another number was copied from a parent. */
uint32_t cito_fork_depth(void);
