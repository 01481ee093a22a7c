/* As consumer.c, in C++. */
#include <strong.h>

int main(int argc, char **)
{
    strong::scope scope("consumed");
    return strong_enabled() == (argc > 1) ? 0 : 1;
}
