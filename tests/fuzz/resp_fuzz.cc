/* resp_fuzz.cc: any two streams as a connection to Redis; see exchange_fuzz.h.
 *
 * The reference reader descends recursively through whole streams.
 */
#include "fuzz/exchange_fuzz.h"

#include <algorithm>

static bool take_line(std::string &stream, std::string &line)
{
    size_t end = stream.find("\r\n");
    if (end == std::string::npos)
        return false;
    line = stream.substr(0, end);
    stream.erase(0, end + 2);
    return !line.empty();
}

static bool take_blob(std::string &stream, long size, std::string *blob)
{
    if (size < 0 || stream.size() < (size_t)size + 2 || stream.compare((size_t)size, 2, "\r\n") != 0)
        return false;
    if (blob)
        *blob = stream.substr(0, (size_t)size);
    stream.erase(0, (size_t)size + 2);
    return true;
}

static bool take_value(std::string &stream, int depth)
{
    std::string line;
    if (depth > 100 || !take_line(stream, line))
        return false;
    long size = strtol(line.c_str() + 1, nullptr, 10);
    if (strchr("+-:_#,(", line[0]))
        return true;
    if (line[0] == '$' && size == -1)
        return true;
    if (strchr("$!=", line[0]))
        return take_blob(stream, size, nullptr);
    if (!strchr("*~%|", line[0]))
        return false;
    if (line[0] == '%' || line[0] == '|')
        size *= 2;
    for (long i = 0; i < size; i++)
        if (!take_value(stream, depth + 1))
            return false;
    return line[0] != '|' || take_value(stream, depth);
}

static bool take_command(std::string &stream)
{
    std::string line, name;
    if (!take_line(stream, line) || line[0] != '*')
        return false;
    long count = strtol(line.c_str() + 1, nullptr, 10);
    for (long i = 0; i < count; i++) {
        if (!take_line(stream, line) || line[0] != '$' ||
            !take_blob(stream, strtol(line.c_str() + 1, nullptr, 10), i == 0 ? &name : nullptr))
            return false;
    }
    std::transform(name.begin(), name.end(), name.begin(), ::toupper);
    for (const char *never : {"AUTH", "HELLO", "MULTI", "WATCH", "SUBSCRIBE", "CLIENT", "MONITOR", "QUIT", "RESET"})
        if (name == never)
            return false;
    return count > 0;
}

static bool fits(const std::string &sent, const std::string &received, unsigned count)
{
    std::string commands = sent, answers = received;
    for (unsigned i = 0; i < count; i++)
        if (!take_command(commands) || !take_value(answers, 0))
            return false;
    return commands.empty() && answers.empty();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return exchange_fuzz::run(bytes, size, EXCHANGE_RESP, fits);
}
