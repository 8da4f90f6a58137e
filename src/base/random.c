/* Random: the system's bytes, taken a block at a time: an id for each message would else be a system call each.
 *
 * Invariants: a byte is handed out once, and wiped then; a block that was copied from a parent process is thrown away.
 * Threading: each thread has its own block. */
#include "base/random.h"
#include "base/fork.h"
#include "base/log.h"

#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 256 }; /* what getentropy gives at most */

static _Thread_local struct {
    unsigned char bytes[BLOCK_SIZE];
    size_t left;
    uint32_t fork_depth;
} block;

static void fill_block(void)
{
    if (getentropy(block.bytes, sizeof block.bytes))
        cito_die(1, "The system gives no random numbers (getentropy failed): ids cannot be made");
    block.left = sizeof block.bytes;
    block.fork_depth = cito_fork_depth();
}

void cito_random_fill(void *out, size_t len)
{
    for (char *to = out; len > 0;) {
        if (block.left == 0 || block.fork_depth != cito_fork_depth())
            fill_block();
        size_t taken = len < block.left ? len : block.left;
        block.left -= taken;
        memcpy(to, block.bytes + block.left, taken);
        memset(block.bytes + block.left, 0, taken);
        to += taken;
        len -= taken;
    }
}
