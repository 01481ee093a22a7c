/* c_headers.h: the library's C headers for C++ tests. */
#ifndef STRONG_TESTS_MONITOR_C_HEADERS_H
#define STRONG_TESTS_MONITOR_C_HEADERS_H

#include <cstdint>
#include <cstring>
#include <ctime>
#include <sys/syscall.h>

#define STRONG_ABI_NAMES
#define _Static_assert static_assert
extern "C" {
#include "monitor/monitor.h"
#include "monitor/report_facts.h"
}
#undef _Static_assert

#endif
