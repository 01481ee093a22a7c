/* unwind_c_o3: unwind_c with the flags of unwind_c_o3.flags. */
#include "unwind_c.c"
