/* A task of batches: a line for each call, into the file that CALLS names. */
#include <cito.h>
#include <cito/tasks.h>
#include <stdio.h>
#include <stdlib.h>

CITO_APP(app);
CITO_QUEUE(queue);

CITO_TASK(queue, .name = "tasks.gather", .flush_every = 4, .flush_interval = 3600)
CITO_DEF(none, gather, (list(int), numbers))
{
    FILE *calls = fopen(getenv("CALLS"), "a");
    for (size_t i = 0; i < numbers.count; i++)
        fprintf(calls, "%s%d", i ? " " : "", numbers.items[i]);
    fprintf(calls, "\n");
    fclose(calls);
}

CITO_MAIN(app)
