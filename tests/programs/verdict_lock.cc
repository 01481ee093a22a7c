// Asks devices that take 0.3 ms to answer, from four threads, with as many locks as LOCKS says: with one, three of four
// threads wait for it although each device could answer at the same time. The work is the same whatever the number.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace
{
constexpr unsigned kThreads = 4, kDevices = 64;

struct Device {
    unsigned long answers = 0;
};

std::vector<std::mutex> *locks;
Device devices[kDevices];

__attribute__((noinline)) void ask_device(unsigned number)
{
    std::lock_guard<std::mutex> guard((*locks)[number % locks->size()]);
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    devices[number].answers++;
}
} // namespace

int main(int argc, char **argv)
{
    const char *count = getenv("LOCKS");
    unsigned questions = argc > 1 ? static_cast<unsigned>(strtoul(argv[1], nullptr, 10)) : 4000;
    std::vector<std::mutex> all(count ? strtoul(count, nullptr, 10) : 1);
    if (all.empty())
        return 2;
    locks = &all;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads; t++)
        threads.emplace_back([questions, t] {
            for (unsigned i = 0; i < questions / kThreads; i++)
                ask_device((i + t * kDevices / kThreads) % kDevices);
        });
    for (std::thread &thread : threads)
        thread.join();
    unsigned long answers = 0;
    for (const Device &device : devices)
        answers += device.answers;
    printf("%lu answers\n", answers);
    return answers == questions / kThreads * kThreads ? 0 : 1;
}
