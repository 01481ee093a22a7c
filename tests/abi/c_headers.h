/* c_headers.h: the segment format's C headers for C++ tests. */
#ifndef STRONG_TESTS_ABI_C_HEADERS_H
#define STRONG_TESTS_ABI_C_HEADERS_H

#include <cstddef>
#include <cstdint>

#define STRONG_ABI_NAMES
#define _Static_assert static_assert
#define class class_number /* a field's name in C */
extern "C" {
#include "abi/segment.h"
}
#undef class
#undef _Static_assert

#endif
