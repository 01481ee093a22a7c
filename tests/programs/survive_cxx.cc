// survive_cxx.cc: exceptions thrown through C callbacks, out of hooked calls and across threads.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <future>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{
struct Guard {
    explicit Guard(int &count) : count_(count) {}
    ~Guard() { count_++; }
    int &count_;
};

int unwound;

extern "C" int compare(const void *, const void *)
{
    Guard guard(unwound);
    std::string text = "thrown out of qsort";
    throw std::runtime_error(text);
}

void deep(int depth)
{
    Guard guard(unwound);
    char *room = (char *)malloc((size_t)depth + 1);
    if (depth == 0) {
        int fd = open("/dev/null", O_WRONLY);
        bool wrote = write(fd, "x", 1) == 1;
        close(fd);
        free(room);
        if (wrote)
            throw 42;
    }
    free(room);
    deep(depth - 1);
}

extern "C" void *cancelled(void *)
{
    Guard guard(unwound);
    try {
        for (;;)
            sleep(1000);
    } catch (...) { // cancellation is a forced unwind here
        unwound += 100;
        throw;
    }
}
} // namespace

int main()
{
    int values[8] = {3, 1, 2, 5, 4, 8, 7, 6};
    try {
        qsort(values, 8, sizeof *values, compare);
    } catch (const std::exception &error) {
        printf("%s %d\n", error.what(), unwound);
    }
    int caught = 0;
    for (int i = 0; i < 2000; i++)
        try {
            deep(i % 30);
        } catch (int value) {
            caught += value;
        }
    printf("caught %d unwound %d\n", caught, unwound);

    std::vector<std::thread> threads;
    std::vector<std::future<int>> results;
    for (int i = 0; i < 8; i++) {
        std::promise<int> promise;
        results.push_back(promise.get_future());
        threads.emplace_back(
            [](std::promise<int> own, int number) {
                try {
                    for (int n = 0; n < 200; n++)
                        try {
                            throw std::runtime_error(std::to_string(n));
                        } catch (const std::runtime_error &) {
                        }
                    throw number;
                } catch (...) {
                    own.set_exception(std::current_exception());
                }
            },
            std::move(promise), i);
    }
    int sum = 0;
    for (auto &result : results)
        try {
            result.get();
        } catch (int number) {
            sum += number;
        }
    for (std::thread &thread : threads)
        thread.join();
    printf("across threads %d\n", sum);

    unwound = 0;
    pthread_t thread;
    pthread_create(&thread, nullptr, cancelled, nullptr);
    usleep(10000);
    pthread_cancel(thread);
    void *result;
    pthread_join(thread, &result);
    printf("cancelled %d unwound %d\n", result == PTHREAD_CANCELED, unwound);

    std::mutex mutex;
    std::condition_variable condition;
    bool ready = false;
    std::thread waker([&] {
        std::lock_guard<std::mutex> lock(mutex);
        ready = true;
        condition.notify_one();
    });
    std::unique_lock<std::mutex> lock(mutex);
    condition.wait(lock, [&] { return ready; });
    printf("in time %d\n", condition.wait_for(lock, std::chrono::milliseconds(2), [] { return false; }));
    lock.unlock();
    waker.join();
    return 0;
}
