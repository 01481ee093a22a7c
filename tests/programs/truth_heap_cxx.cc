// truth_heap_cxx SEED THREADS: see truth_heap_life.h. Sites in optimised C++: operator new in its forms, and the allocator of
// containers.
#include <memory>
#include <new>

#include "truth_heap_life.h"

namespace
{
template <class T> T touched(T ptr)
{
    *(volatile char *)ptr = 1;
    return ptr;
}
} // namespace

SITE(site_new)
{
    return touched(new char[size]);
}

SITE(site_nothrow)
{
    return touched(::operator new(size, std::nothrow));
}

SITE(site_allocator)
{
    return touched(std::allocator<char>().allocate(size));
}

SITE(site_over_aligned)
{
    return touched(::operator new(size, std::align_val_t(128)));
}

int main(int argc, char **argv)
{
    add_site("site_new", site_new, [](void *ptr) { delete[] (char *)ptr; }, __start_code_of_site_new, __stop_code_of_site_new);
    add_site("site_nothrow", site_nothrow, [](void *ptr) { ::operator delete(ptr); }, __start_code_of_site_nothrow,
             __stop_code_of_site_nothrow);
    add_site("site_allocator", site_allocator, [](void *ptr) { ::operator delete(ptr); }, __start_code_of_site_allocator,
             __stop_code_of_site_allocator);
    add_site("site_over_aligned", site_over_aligned,
             [](void *ptr) { ::operator delete(ptr, std::align_val_t(128)); }, __start_code_of_site_over_aligned,
             __stop_code_of_site_over_aligned);
    int ret = live_lives(argc, argv);
    show();
    return ret;
}
