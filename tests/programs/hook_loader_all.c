/* hook_loader_all: dlopen, dlmopen, dlclose. The loader looks at who calls: a bare name is found along
 * the search path of the calling library, $ORIGIN means its directory. The libraries lie beside this
 * program, which has no search path of its own. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void *open_function(const char *name, int mode);
typedef void *open_in_function(Lmid_t list, const char *name, int mode);

static char directory[4096];

/* Paths are printed without the directory the programs were built in. */
static void print(const char *text)
{
    size_t len = strlen(directory);
    for (const char *at; (at = strstr(text, directory)) != NULL; text = at + len)
        printf("%.*s<here>", (int)(at - text), text);
    puts(text);
}

static void say(const char *what, void *handle)
{
    printf("%-34s ", what);
    if (!handle) {
        print(dlerror());
        return;
    }
    int (*value)(int) = (int (*)(int))dlsym(handle, "hook_loaded_value");
    printf("value %d", value ? value(41) : -1);
    printf(" close %d\n", dlclose(handle));
}

static const char *here(const char *name)
{
    static char path[8192];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void from_main(void)
{
    const int now = RTLD_NOW, lazy = RTLD_LAZY | RTLD_GLOBAL;
    say("full path", dlopen(here("libhook_loaded.so"), now));
    say("lazy, global", dlopen(here("libhook_loaded.so"), lazy));
    say("deepbind", dlopen(here("libhook_loaded.so"), RTLD_NOW | RTLD_DEEPBIND));
    say("not loaded yet", dlopen(here("libhook_loaded.so"), RTLD_NOW | RTLD_NOLOAD) ? NULL : dlopen(NULL, now));
    say("$ORIGIN", dlopen("$ORIGIN/libhook_loaded.so", now));
    say("${ORIGIN}", dlopen("${ORIGIN}/libhook_loaded.so", now));
    say("bare name", dlopen("libhook_loaded.so", now));
    say("missing", dlopen("/nonexistent/library.so", now));
    say("not a library", dlopen("/etc/passwd", now));
    say("invalid mode", dlopen(here("libhook_loaded.so"), 0));
    say("the program", dlopen(NULL, now));
    say("empty name", dlopen("", now));
    say("libc, from the cache", dlopen("libm.so.6", now));
    say("base list", dlmopen(LM_ID_BASE, here("libhook_loaded.so"), now));
    say("new list", dlmopen(LM_ID_NEWLM, here("libhook_loaded.so"), now));
    say("bad list", dlmopen(12, here("libhook_loaded.so"), now));
    say("base list, deepbind", dlmopen(LM_ID_BASE, here("libhook_loaded.so"), RTLD_NOW | RTLD_DEEPBIND));
}

static void from_library(const char *name)
{
    void *handle = dlopen(here(name), RTLD_NOW);
    printf("%s\n", name);
    if (!handle) {
        print(dlerror());
        return;
    }
    open_function *open = (open_function *)dlsym(handle, "hook_open");
    open_in_function *open_in = (open_in_function *)dlsym(handle, "hook_open_in");
    say("  bare name", open("libhook_loaded.so", RTLD_NOW));
    say("  bare name, deepbind", open("libhook_loaded.so", RTLD_NOW | RTLD_DEEPBIND));
    say("  bare name, missing", open("libhook_missing.so", RTLD_NOW));
    say("  $ORIGIN", open("$ORIGIN/libhook_loaded.so", RTLD_NOW));
    say("  full path", open(here("libhook_loaded.so"), RTLD_NOW));
    say("  base list, bare name", open_in(LM_ID_BASE, "libhook_loaded.so", RTLD_NOW));
    say("  new list, bare name", open_in(LM_ID_NEWLM, "libhook_loaded.so", RTLD_NOW));
    printf("  close %d\n", dlclose(handle));
}

/* Loading and unloading beside threads that allocate. */
static volatile int stop;

static void *allocate(void *unused)
{
    while (!stop)
        free(malloc(5000));
    return unused;
}

static void churn(void)
{
    pthread_t thread;
    int wrong = 0;
    pthread_create(&thread, NULL, allocate, NULL);
    for (int i = 0; i < 100; i++) {
        void *handle = dlopen(here("libhook_loaded.so"), i % 2 ? RTLD_NOW : RTLD_LAZY);
        int (*value)(int) = handle ? (int (*)(int))dlsym(handle, "hook_loaded_value") : NULL;
        wrong += !value || value(i) != i + 1 || dlclose(handle) != 0;
    }
    stop = 1;
    pthread_join(thread, NULL);
    printf("wrong in 100 rounds: %d\n", wrong);
}

int main(void)
{
    ssize_t len = readlink("/proc/self/exe", directory, sizeof directory - 1);
    if (len <= 0)
        return 1;
    *strrchr(directory, '/') = '\0';
    if (chdir(directory) < 0) /* which the libraries' search paths mean by "." */
        return 1;
    errno = 0;
    from_main();
    printf("errno %d\n", errno);
    from_library("libhook_nopath.so");
    from_library("libhook_runpath.so");
    from_library("libhook_rpath.so");
    churn();
    return 0;
}
