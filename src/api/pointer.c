/* The debug check of what callables return: a pointer to a stack dangles by the time the answer is written, and no compiler says so.
 *
 * Costs a walk over all stacks for each pointer, so it is on in debug builds and with CITO_DEBUG=1 only. Threading: the loop's. */
#include "api/private.h"
#include "loop/loop.h"

bool cito_pointer_may_follow(const void *pointer, void *data)
{
    const cito_request *request = data;
    return !cito_loop_stack_holds(request->exchange->loop, pointer);
}
