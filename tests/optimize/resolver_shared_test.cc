// The file of names that processes share: how it comes to be, and which files are refused.
#include "resolver_support.h"

#include <climits>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace resolver_test;

namespace
{
const char *const name = "names-1-64";
constexpr off_t file_bytes = RESOLVER_FILE_HEADER + 64 * RESOLVER_SLOT_BYTES;

void configure(const std::string &directory)
{
    static std::string kept;
    kept = directory;
    config.dir = kept.c_str();
    config.log = 1;
    config.resolver_size = 64;
    config.resolver_shared = true;
}

// In a process that has not opened it yet.
bool opens(const Directory &directory, std::string *ret_said = nullptr, uint64_t *ret_refused = nullptr)
{
    configure(directory.path);
    const resolver_table *table = nullptr;
    std::string text = said([&] { table = resolver_shared(); });
    if (ret_said)
        *ret_said = text;
    if (ret_refused)
        *ret_refused = counter(COUNTER_resolver_file_refused);
    return table != nullptr;
}

void in_another_process(const std::function<void()> &body)
{
    isolation::isolated(body);
}

struct stat status_of(const Directory &directory)
{
    struct stat status = {};
    EXPECT_EQ(lstat(directory.file(name).c_str(), &status), 0);
    return status;
}

void write_file(const Directory &directory, const std::function<void(std::string &)> &change, mode_t mode = 0600)
{
    resolver_file header;
    resolver_shared_header(&header, 64);
    std::string bytes((size_t)file_bytes, 'x');
    memcpy(&bytes[0], &header, sizeof header);
    change(bytes);
    int fd = open(directory.file(name).c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(write(fd, bytes.data(), bytes.size()), (ssize_t)bytes.size());
    ASSERT_EQ(fchmod(fd, mode), 0);
    close(fd);
}

unsigned open_descriptors()
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

// Whether opening it puts another file in its place. (Inode numbers are used again at once.)
bool replaced(const Directory &directory, std::string *ret_said, uint64_t *ret_refused)
{
    int before = open(directory.file(name).c_str(), O_PATH);
    EXPECT_GE(before, 0);
    EXPECT_TRUE(opens(directory, ret_said, ret_refused));
    struct stat old = {}, now = status_of(directory);
    EXPECT_EQ(fstat(before, &old), 0);
    EXPECT_EQ(now.st_size, file_bytes);
    bool other = old.st_ino != now.st_ino;
    close(before);
    return other;
}

// The file is refused with one line, and a good one takes its place, which the next process uses.
void expect_replaced(const Directory &directory)
{
    in_another_process([&] {
        std::string text;
        uint64_t refused = 0;
        EXPECT_TRUE(replaced(directory, &text, &refused));
        EXPECT_EQ(refused, 1u);
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
        EXPECT_NE(text.find("is refused"), std::string::npos) << text;
    });
    in_another_process([&] {
        std::string text;
        EXPECT_TRUE(opens(directory, &text));
        EXPECT_EQ(text, "");
    });
}
} // namespace

RESOLVER_TEST(ResolverShared, IsMadeByTheFirstAndUsedByTheNextProcess)
{
    Directory directory;
    resolver_key key = key_of("example.org");
    in_another_process([&] {
        unsigned before = open_descriptors();
        EXPECT_TRUE(opens(directory));
        EXPECT_EQ(open_descriptors(), before);
        resolver_entry entry = entry_of(key, 3, start_ns);
        EXPECT_TRUE(resolver_table_store(resolver_shared(), &entry, start_ns));
    });
    EXPECT_EQ(directory.names(), std::vector<std::string>{name});
    struct stat status = status_of(directory);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(status.st_size, file_bytes);
    EXPECT_GE(status.st_blocks * 512, file_bytes) << "all its space is committed";
    std::string text;
    EXPECT_TRUE(opens(directory, &text));
    EXPECT_EQ(text, "");
    resolver_terms terms = terms_at(start_ns);
    resolver_entry entry;
    EXPECT_TRUE(resolver_table_find(resolver_shared(), &key, &terms, &entry));
}

RESOLVER_TEST(ResolverShared, IsOneFileHoweverManyComeAtOnce)
{
    Directory directory;
    std::vector<pid_t> children;
    for (unsigned i = 0; i < 16; i++) {
        children.push_back(fork());
        if (children.back() == 0)
            _exit(opens(directory) ? 0 : 1);
    }
    for (pid_t child : children) {
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(directory.names(), std::vector<std::string>{name});
}

RESOLVER_TEST(ResolverShared, IsNotOpenedWhereItIsSwitchedOff)
{
    Directory directory;
    configure(directory.path);
    config.resolver_shared = false;
    EXPECT_EQ(resolver_shared(), nullptr);
    EXPECT_TRUE(directory.names().empty());
}

RESOLVER_TEST(ResolverShared, IsNotUsedByAProcessThatHasChangedItsUser)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root";
    Directory directory;
    EXPECT_TRUE(opens(directory));
    ASSERT_EQ(seteuid(65534), 0);
    EXPECT_EQ(resolver_shared(), nullptr);
    ASSERT_EQ(seteuid(0), 0);
}

RESOLVER_TEST(ResolverShared, IsNotMadeInADirectoryOfOthers)
{
    Directory directory;
    ASSERT_EQ(chmod(directory.path.c_str(), 0777), 0);
    EXPECT_FALSE(opens(directory));
    EXPECT_TRUE(directory.names().empty());
}

RESOLVER_TEST(ResolverShared, IsNotMadeBeyondTheLimitOfFileSizes)
{
    Directory directory;
    struct rlimit limit = {1000, 1000};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    configure(directory.path);
    EXPECT_EQ(resolver_shared(), nullptr); // and no SIGXFSZ
    EXPECT_TRUE(directory.names().empty());
}

RESOLVER_TEST(ResolverShared, OfAnotherBootIsReplacedWithoutAWord)
{
    Directory directory;
    write_file(directory, [](std::string &bytes) {
        auto *header = (resolver_file *)&bytes[0];
        header->boot ^= 1;
        header->checksum = resolver_hash(header, offsetof(resolver_file, checksum), 4);
    });
    std::string text;
    uint64_t refused = 0;
    EXPECT_TRUE(replaced(directory, &text, &refused));
    EXPECT_EQ(text, "");
    EXPECT_EQ(refused, 0u);
}

RESOLVER_TEST(ResolverShared, WithAGoodHeaderAndAnyContentsIsUsedAndAnswersNothing)
{
    Directory directory;
    write_file(directory, [](std::string &) {});
    std::string text;
    EXPECT_TRUE(opens(directory, &text));
    EXPECT_EQ(text, "");
    resolver_terms terms = terms_at(start_ns);
    for (unsigned i = 0; i < 1000; i++) {
        resolver_key key = key_of("host" + std::to_string(i));
        resolver_entry entry;
        EXPECT_FALSE(resolver_table_find(resolver_shared(), &key, &terms, &entry));
    }
}

RESOLVER_TEST(ResolverShared, WithAnyFieldOfTheHeaderChangedIsReplaced)
{
    for (size_t byte : {offsetof(resolver_file, magic), offsetof(resolver_file, version),
                        offsetof(resolver_file, header_bytes), offsetof(resolver_file, slot_bytes),
                        offsetof(resolver_file, slots), offsetof(resolver_file, boot), offsetof(resolver_file, checksum)})
        in_another_process([byte] {
            Directory directory;
            write_file(directory, [byte](std::string &bytes) { bytes[byte] = (char)(bytes[byte] + 1); });
            expect_replaced(directory);
        });
}

RESOLVER_TEST(ResolverShared, OfAWrongSizeIsReplaced)
{
    for (off_t size : {off_t{0}, off_t{100}, file_bytes - 1, file_bytes + 1})
        in_another_process([size] {
            Directory directory;
            write_file(directory, [size](std::string &bytes) { bytes.resize((size_t)size, 'y'); });
            expect_replaced(directory);
        });
}

RESOLVER_TEST(ResolverShared, WithHolesIsReplacedBecauseAFullDiskWouldKill)
{
    Directory directory;
    write_file(directory, [](std::string &bytes) { bytes.resize(sizeof(resolver_file)); });
    ASSERT_EQ(truncate(directory.file(name).c_str(), file_bytes), 0);
    expect_replaced(directory);
}

RESOLVER_TEST(ResolverShared, ThatOthersCanReachIsReplaced)
{
    for (mode_t mode : {0644, 0620, 0602})
        in_another_process([mode] {
            Directory directory;
            write_file(directory, [](std::string &) {}, mode);
            expect_replaced(directory);
        });
    Directory directory;
    write_file(directory, [](std::string &) {});
    ASSERT_EQ(link(directory.file(name).c_str(), directory.file("second").c_str()), 0);
    expect_replaced(directory);
}

RESOLVER_TEST(ResolverShared, ThatIsNoPlainFileIsRefusedAndLeftAlone)
{
    using Make = int (*)(const char *);
    for (Make make : {Make([](const char *path) { return symlink("/etc/passwd", path); }),
                      Make([](const char *path) { return mkfifo(path, 0600); }),
                      Make([](const char *path) { return mkdir(path, 0700); })})
        in_another_process([make] {
            Directory directory;
            ASSERT_EQ(make(directory.file(name).c_str()), 0);
            mode_t before = status_of(directory).st_mode;
            std::string text;
            uint64_t refused = 0;
            EXPECT_FALSE(opens(directory, &text, &refused));
            EXPECT_EQ(refused, 1u);
            EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
            EXPECT_EQ(status_of(directory).st_mode, before);
        });
}

RESOLVER_TEST(ResolverShared, OfSomebodyElseIsRefusedAndLeftAlone)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root";
    Directory directory;
    write_file(directory, [](std::string &) {});
    ASSERT_EQ(chown(directory.file(name).c_str(), 65534, 65534), 0);
    ino_t before = status_of(directory).st_ino;
    std::string text;
    uint64_t refused = 0;
    EXPECT_FALSE(opens(directory, &text, &refused));
    EXPECT_EQ(refused, 1u);
    EXPECT_NE(text.find("somebody else"), std::string::npos) << text;
    EXPECT_EQ(status_of(directory).st_ino, before);
}
