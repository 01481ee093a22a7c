/* http1_fuzz.cc: any two streams as an HTTP/1 connection; see exchange_fuzz.h.
 *
 * The reference reader searches whole streams for "\r\n\r\n" and takes fields from a map: slow, lenient, and
 * written apart from the parser.
 */
#include "fuzz/exchange_fuzz.h"

#include <map>

using fields = std::map<std::string, std::string>;

static std::string lower(std::string text)
{
    for (char &byte : text)
        byte = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
    return text;
}

static std::string trimmed(const std::string &text)
{
    size_t from = text.find_first_not_of(" \t"), to = text.find_last_not_of(" \t");
    return from == std::string::npos ? "" : text.substr(from, to - from + 1);
}

// Takes a head off the front of `stream`; equal names are joined by commas.
static bool take_head(std::string &stream, std::string &start, fields &found)
{
    size_t end = stream.find("\r\n\r\n");
    if (end == std::string::npos)
        return false;
    std::string head = stream.substr(0, end + 2);
    stream.erase(0, end + 4);
    size_t line_end = head.find("\r\n");
    start = head.substr(0, line_end);
    head.erase(0, line_end + 2);
    while (!head.empty()) {
        line_end = head.find("\r\n");
        std::string line = head.substr(0, line_end);
        head.erase(0, line_end + 2);
        size_t colon = line.find(':');
        if (colon == std::string::npos)
            return false;
        std::string &value = found[lower(line.substr(0, colon))];
        value += (value.empty() ? "" : ",") + trimmed(line.substr(colon + 1));
    }
    return true;
}

static bool take_chunks(std::string &stream)
{
    for (;;) {
        size_t end = stream.find("\r\n");
        if (end == std::string::npos)
            return false;
        unsigned long size = strtoul(stream.c_str(), nullptr, 16);
        stream.erase(0, end + 2);
        if (size == 0)
            break;
        if (stream.size() < size + 2 || stream.compare(size, 2, "\r\n") != 0)
            return false;
        stream.erase(0, size + 2);
    }
    for (;;) { // trailer
        size_t end = stream.find("\r\n");
        if (end == std::string::npos)
            return false;
        stream.erase(0, end + 2);
        if (end == 0)
            return true;
    }
}

static bool take_body(std::string &stream, const fields &found)
{
    auto length = found.find("content-length");
    if (found.count("transfer-encoding"))
        return length == found.end() && lower(found.at("transfer-encoding")).find("chunked") != std::string::npos &&
               take_chunks(stream);
    if (length == found.end())
        return true;
    unsigned long size = strtoul(length->second.c_str(), nullptr, 10);
    if (stream.size() < size)
        return false;
    stream.erase(0, size);
    return true;
}

static bool keeps(const std::string &version, const fields &found)
{
    auto connection = found.find("connection");
    std::string value = connection == found.end() ? "" : "," + lower(connection->second) + ",";
    std::string dense;
    for (char byte : value)
        if (byte != ' ' && byte != '\t')
            dense += byte;
    if (dense.find(",close,") != std::string::npos)
        return false;
    return version == "HTTP/1.1" || dense.find(",keep-alive,") != std::string::npos;
}

static bool fits(const std::string &sent, const std::string &received, unsigned count)
{
    std::string requests = sent, answers = received;
    for (unsigned i = 0; i < count; i++) {
        std::string start, status;
        fields request, answer;
        if (!take_head(requests, start, request) || !take_body(requests, request))
            return false;
        if (!keeps(start.substr(start.rfind(' ') + 1), request) || request.count("upgrade"))
            return false;
        do {
            answer.clear();
            if (!take_head(answers, status, answer) || status.size() < 12)
                return false;
        } while (status[9] == '1');
        bool bare = start.compare(0, 5, "HEAD ") == 0 || status.compare(9, 3, "204") == 0 ||
                    status.compare(9, 3, "304") == 0;
        if (!bare && !answer.count("content-length") && !answer.count("transfer-encoding"))
            return false;
        if (!bare && !take_body(answers, answer))
            return false;
        if (!keeps(status.substr(0, 8), answer))
            return false;
    }
    return requests.empty() && answers.empty();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return exchange_fuzz::run(bytes, size, EXCHANGE_HTTP1, fits);
}
