/* api_cxx: strong.h in C++: the same, and scopes that exceptions leave. */
#include "api_use.h"

#include <stdexcept>
#include <string>

static int thrown(int n)
{
    STRONG_SCOPE("thrown");
    strong::scope outer("as a variable");
    outer.moved(10);
    try {
        STRONG_SCOPE("caught");
        if (n % 2)
            throw std::runtime_error("odd");
    } catch (const std::exception &) {
        outer.failed(EINVAL);
        if (n % 3 == 0)
            throw;
        return 1;
    }
    return 0;
}

template <class T> static T in_template(T value)
{
    STRONG_SCOPE("in a template");
    return value + value;
}

int main(int argc, char **argv)
{
    int sum = 0, escaped = 0;
    for (int i = 0; i < 30; i++) {
        try {
            sum += thrown(i);
        } catch (const std::exception &) {
            escaped++;
        }
    }
    auto measured = [](int n) {
        STRONG_SCOPE("in a lambda");
        return n;
    };
    if (argc < 2)
        printf("thrown %d, escaped %d, %d, %s, %d\n", sum, escaped, in_template(4), in_template(std::string("x")).c_str(),
               measured(3));
    return run_mode(argc, argv);
}
