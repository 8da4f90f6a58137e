/* The `cito` command: loads an application from a shared object and hands the rest of the line to it: cito run ./app.so:app --port 8080.
 *
 * The object is built with cc -shared -fPIC app.c -o app.so $(pkg-config --cflags --libs cito); `app` is its CITO_APP, the default name. Threading: main's. */
#include <cito/app.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fprintf(stderr, "Usage: cito run ./app.so[:app] [OPTIONS]\n       cito check ./app.so[:app]\n       cito openapi ./app.so[:app]\n");
    return 1;
}

/* dlopen looks into the system's folders unless the name has a slash. */
static void *load(const char *path)
{
    char *name = malloc(strlen(path) + 3);
    if (!name)
        return NULL;
    sprintf(name, "%s%s", strchr(path, '/') ? "" : "./", path);
    void *object = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (!object)
        fprintf(stderr, "%s: cannot be loaded: %s\nBuild it with: cc -shared -fPIC app.c -o app.so $(pkg-config --cflags --libs cito)\n", path, dlerror());
    free(name);
    return object;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argv[2][0] == '-') {
        if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0))
            return cito_main(NULL, argc, argv);
        return usage();
    }
    char *colon = strrchr(argv[2], ':');
    const char *symbol = colon ? colon + 1 : "app";
    if (colon)
        *colon = '\0';
    void *object = load(argv[2]);
    if (!object)
        return 1;
    cito_router *app = dlsym(object, symbol);
    if (!app || !app->is_app) {
        fprintf(stderr, "%s has no CITO_APP(%s): write the application's name behind a colon, as %s:app\n", argv[2], symbol, argv[2]);
        return 1;
    }
    argv[2] = argv[1]; /* cito run app.so:app --port 1 → run --port 1 */
    argv[1] = argv[0];
    return cito_main(app, argc - 1, argv + 1);
}
