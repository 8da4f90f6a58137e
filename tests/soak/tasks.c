/* The program of tests/soak/tasks: its worker appends a line for each run to $SOAK_LINES; `send N` prints the ids of N tasks, `check` reads ids and says how many of
 * them have the result that they must have. */
#include <cito.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CITO_APP(app);
CITO_QUEUE(queue);

CITO_TASK(queue, .name = "soak.run", .acks_late = true, .reject_on_worker_lost = true)
CITO_DEF(int, run_number, (int, number))
{
    char line[32];
    int fd = open(getenv("SOAK_LINES"), O_WRONLY | O_CREAT | O_APPEND, 0644), len = snprintf(line, sizeof line, "%d\n", number);
    if (fd < 0 || write(fd, line, (size_t)len) != len)
        cito_raise(500, "$SOAK_LINES cannot be written to");
    close(fd);
    usleep((useconds_t)(number % 7) * 200); /* some are killed in the middle */
    return number * 2;
}

static int send_all(int count)
{
    for (int number = 0; number < count; number++)
        printf("%s\n", cito_delay(run_number, number).id.data);
    return 0;
}

static int check_all(void)
{
    char line[128];
    int good = 0;
    for (int number = 0; fgets(line, sizeof line, stdin); number++) {
        line[strcspn(line, "\n")] = 0;
        const cito_value *meta = cito_result_meta(&run_number_callable, cito_string(line));
        cito_str status = cito_value_string(cito_value_get(meta, "status"));
        bool is_good = cito_str_equal(status, "SUCCESS") && cito_value_int(cito_value_get(meta, "result")) == number * 2;
        good += is_good;
        if (!is_good)
            fprintf(stderr, "%d %s %s\n", number, line, status.data);
    }
    printf("%d\n", good);
    return 0;
}

int main(int count, char **words)
{
    if (count == 3 && strcmp(words[1], "send") == 0)
        return send_all(atoi(words[2]));
    if (count == 2 && strcmp(words[1], "check") == 0)
        return check_all();
    return cito_main(&app, count, words);
}
