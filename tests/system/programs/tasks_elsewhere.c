/* Sends tasks that a worker elsewhere has, and prints their results: `tasks_elsewhere X Y`. A callable declared as a task is what its results look like; it is never run
 * here. */
#include <cito.h>
#include <stdio.h>
#include <stdlib.h>

CITO_APP(app);
CITO_QUEUE(queue);
CITO_MODEL(Person, (str, name), (list(int), numbers), (opt(datetime), seen));

CITO_TASK(queue, .name = "python.multiply")
CITO_DEF(int64, multiply, (int64, x), (int64, y))
{
    return x * y;
}

CITO_TASK(queue, .name = "python.greet")
CITO_DEF(Person, greet, (Person, person), (str, greeting, default("Hello")))
{
    return (person.name = greeting, person);
}

CITO_TASK(queue, .name = "python.fail")
CITO_DEF(none, fail, (str, text))
{
    (void)text;
}

int main(int count, char **words)
{
    if (count != 3)
        return 2;
    cito_async_result(multiply) product = cito_delay(multiply, atoi(words[1]), atoi(words[2]));
    Person ada = { .name = cito_string("Ada"), .numbers = cito_list(int, 1, 2) };
    cito_async_result(greet) greeting = cito_apply_async(greet, (ada, cito_string("Grüß dich")), .countdown = 0.2);
    cito_async_result(fail) failure = cito_delay(fail, cito_string("on purpose"));
    cito_str later = cito_send_task(&queue, "python.multiply", cito_array(6, 7), NULL, NULL);

    printf("%lld\n", (long long)cito_result_get(product, 30));
    Person greeted = cito_result_get(greeting, 30);
    printf("%s %zu %s\n", greeted.name.data, greeted.numbers.count, greeted.seen ? "seen" : "unseen");
    printf("%lld\n", (long long)cito_result_get(cito_result_by_id(multiply, later), 30));
    while (cito_str_equal(cito_result_state(failure), "PENDING"))
        cito_sleep(0.01);
    const cito_value *meta = cito_result_meta(&fail_callable, failure.id), *error = cito_value_get(meta, "result");
    printf("%s %s %s\n", cito_value_string(cito_value_get(meta, "status")).data, cito_value_string(cito_value_get(error, "exc_type")).data,
        cito_value_string(cito_value_at(cito_value_get(error, "exc_message"), 0)).data);
    printf("%s\n", cito_result_state(product).data);
    cito_result_forget(product);
    printf("%s\n", cito_result_state(product).data);
    return 0;
}
