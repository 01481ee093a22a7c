/* libapi_loaded: a library that measures with strong.h, for programs that load and unload it. */
#include <strong.h>

__attribute__((visibility("default"))) int api_loaded(int n)
{
    STRONG_SCOPE("in a library");
    strong_count("loads", 1);
    return n * n;
}
