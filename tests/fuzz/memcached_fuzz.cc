/* memcached_fuzz.cc: any two streams as a connection to memcached; see exchange_fuzz.h.
 *
 * The reference reader splits whole lines into words.
 */
#include "fuzz/exchange_fuzz.h"

#include <sstream>

using words = std::vector<std::string>;

static bool take_line(std::string &stream, words &line)
{
    size_t end = stream.find("\r\n");
    if (end == std::string::npos)
        return false;
    std::istringstream text(stream.substr(0, end));
    line.clear();
    for (std::string word; std::getline(text, word, ' ');)
        if (!word.empty())
            line.push_back(word);
    stream.erase(0, end + 2);
    return !line.empty();
}

static bool take_data(std::string &stream, const words &line, size_t at)
{
    if (line.size() <= at)
        return false;
    unsigned long size = strtoul(line[at].c_str(), nullptr, 10);
    if (stream.size() < size + 2 || stream.compare(size, 2, "\r\n") != 0)
        return false;
    stream.erase(0, size + 2);
    return true;
}

static bool contains(const char *list, const std::string &word)
{
    return strstr(list, (" " + word + " ").c_str()) != nullptr;
}

static bool take_command(std::string &stream, std::string &name, bool &silent)
{
    words line;
    if (!take_line(stream, line))
        return false;
    name = line[0];
    silent = line.back() == "noreply" && contains(" set add replace append prepend cas delete incr decr touch flush_all ", name);
    if (contains(" set add replace append prepend cas ", name))
        return take_data(stream, line, 4);
    return name == "ms" ? take_data(stream, line, 2) : !contains(" quit watch verbosity shutdown ", name);
}

static bool take_answer(std::string &stream, const std::string &command)
{
    words line;
    if (!take_line(stream, line))
        return false;
    if (contains(" get gets gat gats ", command)) {
        while (line[0] == "VALUE")
            if (!take_data(stream, line, 3) || !take_line(stream, line))
                return false;
        return line[0] == "END" && line.size() == 1;
    }
    while (command == "stats" && (line[0] == "STAT" || line[0] == "ITEM"))
        if (!take_line(stream, line))
            return false;
    if (line[0] == "VA")
        return contains(" mg ma ", command) && take_data(stream, line, 1);
    return !contains(" ERROR CLIENT_ERROR SERVER_ERROR ", line[0]);
}

static bool fits(const std::string &sent, const std::string &received, unsigned count)
{
    std::string commands = sent, answers = received, name;
    bool silent = false;
    for (unsigned i = 0; i < count; i++)
        if (!take_command(commands, name, silent) || (!silent && !take_answer(answers, name)))
            return false;
    return commands.empty() && answers.empty() && !silent;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return exchange_fuzz::run(bytes, size, EXCHANGE_MEMCACHED, fits);
}
