/* What 03_dependencies.c only declares: a database that says when it is opened and closed. */
#include <cito.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Database {
    int number;
} Database;
Database *database_open(const char *url);
void database_close(void *database);
extern const cito_type cito_t_Database[1];
const cito_type cito_t_Database[1] = { { .kind = CITO_KIND_CONTEXT, .name = "Database", .size = sizeof(Database *) } };

Database *database_open(const char *url)
{
    static int count;
    Database *database = malloc(sizeof *database);
    if (!database)
        abort();
    database->number = ++count;
    printf("database %d of %s is open\n", database->number, url);
    fflush(stdout);
    return database;
}

void database_close(void *database)
{
    printf("database %d is closed\n", ((Database *)database)->number);
    fflush(stdout);
    free(database);
}
