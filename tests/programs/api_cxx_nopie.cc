/* api_cxx_nopie: as api_cxx, with other flags. */
#include "api_cxx.cc"
