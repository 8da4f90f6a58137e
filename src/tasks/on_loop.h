/* On the loop: brokers and back ends live there, and a program sends from anywhere. Thread rule: any; in a coroutine, on a pool thread, or outside of any loop. */
#pragma once
#include "loop/loop.h"

/* Runs run(loop, data) in a coroutine of the caller's loop and returns when it has ended: at once in a coroutine, suspended or blocked else; outside of any loop, on one
 * of the thread's own. What run gives back it puts into the caller's arena, which data names, and it does not raise; a time-out or a client that has gone raises here,
 * afterwards. */
void cito_run_on_loop(void (*run)(cito_loop *, void *data), void *data);
