/* api_disabled: as api_c, with other flags. */
#include "api_c.c"
