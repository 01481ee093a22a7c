// unwind_support: the nested calls of known return addresses.
#include "unwind_support.h"

namespace unwind_test
{
static __attribute__((noinline)) void call_plain(Chain &chain, unsigned depth,
                                                 const std::function<void()> &body)
{
    chain.push_back(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
    run_under(chain, depth, body);
    keep_frame();
}

static __attribute__((noinline)) void call_aligned(Chain &chain, unsigned depth,
                                                   const std::function<void()> &body)
{
    alignas(64) volatile char room[128];
    room[depth % 128] = 1;
    chain.push_back(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
    run_under(chain, depth, body);
    room[1] = room[depth % 128];
}

static __attribute__((noinline)) void call_variable(Chain &chain, unsigned depth,
                                                    const std::function<void()> &body)
{
    auto *room = static_cast<volatile char *>(__builtin_alloca(depth * 16 + 32));
    room[depth] = 1;
    chain.push_back(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
    run_under(chain, depth, body);
    room[1] = room[depth];
}

static __attribute__((noinline, optimize("omit-frame-pointer"))) void
call_without_frame(Chain &chain, unsigned depth, const std::function<void()> &body)
{
    chain.push_back(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
    run_under(chain, depth, body);
    keep_frame();
}

__attribute__((noinline)) void run_under(Chain &chain, unsigned depth,
                                         const std::function<void()> &body)
{
    chain.push_back(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
    if (depth == 0) {
        std::reverse(chain.begin(), chain.end());
        body();
    } else if (depth % 4 == 0) {
        call_plain(chain, depth - 1, body);
    } else if (depth % 4 == 1) {
        call_aligned(chain, depth - 1, body);
    } else if (depth % 4 == 2) {
        call_variable(chain, depth - 1, body);
    } else {
        call_without_frame(chain, depth - 1, body);
    }
    keep_frame();
}
} // namespace unwind_test
