/* The `cito` command: loads an application from a shared object and hands the rest of the line to it: cito run ./app.so:app --port 8080.
 *
 * The object is built with cc -shared -fPIC app.c -o app.so $(pkg-config --cflags --libs cito); `app` is its CITO_APP, the default name. Threading: main's. */
#include <cito/app.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(FILE *out, int code)
{
    fprintf(out, "Usage: cito run ./app.so[:app] [OPTIONS]\n       cito check ./app.so[:app]\n       cito openapi ./app.so[:app]\n");
    return code;
}

/* dlopen looks into the system's folders unless the name has a slash. */
static void *load(const char *path, size_t len)
{
    char *name = malloc(len + 3);
    if (!name)
        return NULL;
    sprintf(name, "%s%.*s", memchr(path, '/', len) ? "" : "./", (int)len, path);
    void *object = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (!object)
        fprintf(stderr, "%.*s: cannot be loaded: %s\nBuild it with: cc -shared -fPIC app.c -o app.so $(pkg-config --cflags --libs cito)\n",
                (int)len, path, dlerror());
    free(name);
    return object;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argv[2][0] == '-') {
        if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0))
            return cito_main(NULL, argc, argv);
        return argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "-h") == 0)
                   ? usage(stdout, 0)
                   : usage(stderr, 1);
    }
    const char *colon = strrchr(argv[2], ':');
    const char *symbol = colon ? colon + 1 : "app";
    size_t path_len =
        colon ? (size_t)(colon - argv[2]) : strlen(argv[2]); /* the word stays whole: workers are started from the same line */
    void *object = load(argv[2], path_len);
    if (!object)
        return 1;
    cito_router *app = dlsym(object, symbol);
    if (!app || !app->is_app) {
        fprintf(stderr, "%.*s has no CITO_APP(%s): write the application's name behind a colon, as %.*s:app\n", (int)path_len, argv[2],
                symbol, (int)path_len, argv[2]);
        return 1;
    }
    argv[2] = argv[1]; /* cito run app.so:app --port 1 → run --port 1 */
    argv[1] = argv[0];
    return cito_main(app, argc - 1, argv + 1);
}
