/* api_c: strong.h in C. */
#include "api_use.h"

int main(int argc, char **argv)
{
    return run_mode(argc, argv);
}
