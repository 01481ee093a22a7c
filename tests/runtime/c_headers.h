// c_headers.h: the runtime's C headers for C++ tests.
#ifndef STRONG_TESTS_RUNTIME_C_HEADERS_H
#define STRONG_TESTS_RUNTIME_C_HEADERS_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>

#define STRONG_DISABLE /* its types, as api/api.h has them */
#include "include/strong.h"

#define STRONG_ABI_NAMES
#define _Static_assert static_assert
#define class class_number /* a field's name in C */
extern "C" {
#include "api/api.h"
#include "api/metrics_text.h"
#include "runtime/allocator.h"
#include "runtime/arena.h"
#include "runtime/boot.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/config_nearest.h"
#include "runtime/counters.h"
#include "runtime/fdtable.h"
#include "runtime/heap.h"
#include "runtime/heap_rows.h"
#include "runtime/identity.h"
#include "runtime/index.h"
#include "runtime/live.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/ring.h"
#include "runtime/sampler.h"
#include "runtime/seccomp.h"
#include "runtime/segment.h"
#include "runtime/segment_file.h"
#include "runtime/segment_layout.h"
#include "runtime/span.h"
#include "runtime/stacks.h"
#include "runtime/sums.h"
#include "runtime/targets.h"
#include "runtime/text.h"
#include "runtime/thread.h"
}
#undef class
#undef _Static_assert

#endif
