/* unwind_c_o0: unwind_c with the flags of unwind_c_o0.flags. */
#include "unwind_c.c"
