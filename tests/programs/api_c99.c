/* api_c99: as api_c, with other flags. */
#include "api_c.c"
