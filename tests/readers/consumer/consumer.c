/* Says by its exit code whether it was measured as its argument claims. */
#include <strong.h>

int main(int argc, char **argv)
{
    (void)argv;
    STRONG_SCOPE("consumed");
    return strong_enabled() == (argc > 1) ? 0 : 1;
}
