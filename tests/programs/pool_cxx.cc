// pool_cxx: C++'s operators in all their forms, what they do without memory, and thread_local
// objects that allocate while they are destroyed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace
{
volatile size_t huge = SIZE_MAX / 2;
unsigned wrong, handled, destroyed;

template <size_t alignment> struct alignas(alignment) Wide {
    unsigned char bytes[alignment * 3];
};

template <size_t alignment> void over_aligned()
{
    using Type = Wide<alignment>;
    auto *one = new Type;
    auto *many = new Type[5];
    auto *quiet = new (std::nothrow) Type[3];
    for (void *ptr : {(void *)one, (void *)many, (void *)quiet})
        wrong += !ptr || (uintptr_t)ptr % alignment != 0;
    memset((void *)many, 1, sizeof(Type) * 5);
    delete one;
    delete[] many;
    delete[] quiet;
    void *raw = operator new(alignment * 2, std::align_val_t(alignment));
    operator delete(raw, alignment * 2, std::align_val_t(alignment));
    raw = operator new[](100, std::align_val_t(alignment), std::nothrow);
    operator delete[](raw, std::align_val_t(alignment), std::nothrow);
}

void plain()
{
    for (size_t size = 0; size < 200000; size = size * 4 / 3 + 1) {
        void *ptr = operator new(size), *array = operator new[](size);
        wrong += !ptr || !array || (uintptr_t)ptr % 16 != 0 || (uintptr_t)array % 16 != 0;
        memset(ptr, 1, size);
        memset(array, 2, size);
        operator delete(ptr, size);
        operator delete[](array, size);
        operator delete(operator new(size, std::nothrow), std::nothrow);
        operator delete[](operator new[](size, std::nothrow), std::nothrow);
    }
}

void without_memory()
{
    unsigned thrown = 0;
    try {
        operator delete(operator new(huge));
    } catch (const std::bad_alloc &) {
        thrown++;
    }
    try {
        operator delete[](operator new[](huge));
    } catch (const std::bad_alloc &) {
        thrown++;
    }
    try {
        operator delete(operator new(huge, std::align_val_t(64)), std::align_val_t(64));
    } catch (const std::bad_alloc &) {
        thrown++;
    }
    try {
        auto *array = new std::string[huge / 2];
        delete[] array;
    } catch (const std::bad_alloc &) {
        thrown++;
    }
    void *null = operator new(huge, std::nothrow);
    printf("thrown %u nothrow %s\n", thrown, null ? "ptr" : "NULL");
    std::set_new_handler([] {
        if (++handled == 3)
            std::set_new_handler(nullptr);
    });
    try {
        operator delete(operator new(huge));
    } catch (const std::bad_alloc &) {
        thrown++;
    }
    printf("handled %u thrown %u\n", handled, thrown);
}

struct Local {
    std::vector<std::string> *texts = new std::vector<std::string>(10, std::string(100, 'x'));
    ~Local()
    {
        texts->push_back(std::string(5000, 'y'));
        delete texts;
        std::string last(300, 'z');
        void *kept = malloc(last.size());
        free(kept);
        __atomic_add_fetch(&destroyed, 1, __ATOMIC_RELAXED);
    }
};
thread_local Local local;

struct Global {
    std::map<int, std::string> rows;
    Global()
    {
        rows[1] = std::string(1000, 'a');
    }
    ~Global()
    {
        rows[2] = std::string(2000, 'b');
        printf("after main %zu\n", rows[1].size() + rows[2].size());
    }
} global;
} // namespace

int main()
{
    plain();
    over_aligned<32>();
    over_aligned<64>();
    over_aligned<512>();
    over_aligned<4096>();
    over_aligned<65536>();
    printf("wrong %u\n", wrong);
    without_memory();
    for (int round = 0; round < 20; round++) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; i++)
            threads.emplace_back([] { local.texts->push_back("from here"); });
        for (std::thread &thread : threads)
            thread.join();
    }
    printf("destroyed %u\n", destroyed);
    auto shared = std::make_shared<std::vector<std::unique_ptr<int>>>();
    for (int i = 0; i < 1000; i++)
        shared->push_back(std::make_unique<int>(i));
    std::thread([moved = std::move(shared)]() mutable { moved.reset(); }).join();
    return 0;
}
