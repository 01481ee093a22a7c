/* The rules about files, input and output, calls that fail: found, not found, not applicable, and not measured where that can be. */
#include "tools/rule_case.h"

#include <cerrno>

using namespace rule_case;

namespace
{

void tiny(AnalyseCase &c, unsigned hook, target_kind kind, unsigned count, uint64_t bytes,
          uint64_t each_ns)
{
    uint32_t target = c.segment.target(kind, "/var/log/app.log");
    c.segment.thread(1, "main").calls(count, hook, target, t(each_ns), bytes);
}

void failures(AnalyseCase &c, unsigned hook, int error, unsigned good, unsigned bad,
              uint64_t each_ns)
{
    uint32_t target = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:9");
    auto main = c.segment.thread(1, "main");
    main.calls(bad, hook, target, t(each_ns), 0, error);
    main.calls(good, hook, target, t(each_ns), 10000);
}

void files(AnalyseCase &c, unsigned hook, unsigned count, uint64_t each_ns, uint64_t bytes)
{
    uint32_t file = c.segment.target(TARGET_FILE, "/var/lib/app/data");
    c.segment.thread(1, "main").calls(count, hook, file, t(each_ns), bytes);
}

void opens(AnalyseCase &c, unsigned good, unsigned bad, int error, uint64_t each_ns)
{
    uint32_t file = c.segment.target(TARGET_FILE, "/etc/app.conf");
    auto main = c.segment.thread(1, "main");
    main.calls(good, HOOK_openat, file, t(each_ns)).calls(good, HOOK_close, file, t(each_ns / 2));
    main.calls(bad, HOOK_openat, file, t(each_ns), 0, error);
}

const RuleCase kCases[] = {
    {"FsyncIsFoundWhereItTakesTheTime", FINDING_fsync_bound, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t db = c.segment.target(TARGET_FILE, "/var/lib/app.db");
         c.segment.thread(1, "main").calls(400, HOOK_fsync, db, t(10 * kMs));
     },
     SEVERITY_CRITICAL, "/var/lib/app.db"},
    {"FsyncIsNotFoundForOneAtTheEnd", FINDING_fsync_bound, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         uint32_t db = c.segment.target(TARGET_FILE, "/var/lib/app.db");
         c.segment.thread(1, "main").calls(1, HOOK_fsync, db, t(3 * kSecond));
     }},
    {"FsyncIsNotApplicableWithoutIt", FINDING_fsync_bound, FINDING_NOT_APPLICABLE, nothing},
    {"TinyWritesToAFileAreFound", FINDING_tiny_io, FINDING_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_write, TARGET_FILE, 1000000, 20, 3 * kUs); },
     SEVERITY_CRITICAL, "20.0 bytes"},
    {"TinyReadsFromAPipeAreFound", FINDING_tiny_io, FINDING_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_read, TARGET_PIPE, 300000, 1, 3 * kUs); }, SEVERITY_WARNING},
    {"LargeWritesAreNotTiny", FINDING_tiny_io, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_write, TARGET_FILE, 100000, 8192, 30 * kUs); }},
    {"WaitingForOneByteIsNotTinyReading", FINDING_tiny_io, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_read, TARGET_PIPE, 4000, 1, 2 * kMs); }},
    {"ADialogueOfSmallMessagesIsNotTiny", FINDING_tiny_io, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
         auto main = c.segment.thread(1, "main");
         main.calls(100000, HOOK_write, redis, t(9 * kUs), 30)
             .calls(100000, HOOK_read, redis, t(9 * kUs), 5);
     }},
    {"TinyIoIsNotApplicableWithoutIo", FINDING_tiny_io, FINDING_NOT_APPLICABLE, nothing},
    {"AnErrorStormOfEagainIsFound", FINDING_error_storm, FINDING_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_recv, EAGAIN, 100, 500000, 5 * kUs); },
     SEVERITY_CRITICAL, "EAGAIN"},
    {"OneEagainAfterEachReadIsNormal", FINDING_error_storm, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_recv, EAGAIN, 500000, 500000, kUs); }},
    {"ConnectingWithoutWaitingIsNoError", FINDING_error_storm, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_connect, EINPROGRESS, 0, 50000, 20 * kUs); }},
    {"TimeoutsOfWaitsAreNoErrors", FINDING_error_storm, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         failures(c, HOOK_pthread_cond_timedwait, ETIMEDOUT, 0, 90000, 100 * kUs);
     }},

    {"CallsThatAreRefusedMemoryAreAWarning", FINDING_error_storm, FINDING_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_fork, ENOMEM, 100, 1, 20 * kUs); }, SEVERITY_WARNING, "ENOMEM"},
    {"MissingFilesAreNoStormOfErrors", FINDING_error_storm, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { opens(c, 0, 90000, ENOENT, 10 * kUs); }},

    {"ReadsThatWaitForTheDiskAreFound", FINDING_slow_reads, FINDING_FOUND,
     [](AnalyseCase &c) { files(c, HOOK_pread64, 1000, 5 * kMs, 4096); }, SEVERITY_CRITICAL,
     "/var/lib/app/data: 1,000 reads of 4.0 KiB on average"},
    {"ReadsFromMemoryAreFine", FINDING_slow_reads, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { files(c, HOOK_read, 1000, 250 * kUs, 1 << 20); }},
    {"SlowReadsAreNotApplicableWithoutReads", FINDING_slow_reads, FINDING_NOT_APPLICABLE, nothing},

    {"WritesThatWaitForTheDiskAreFound", FINDING_slow_writes, FINDING_FOUND,
     [](AnalyseCase &c) { files(c, HOOK_write, 1000, 4 * kMs, 512); }, SEVERITY_CRITICAL, "1,000 writes of 512 B"},
    {"WritesIntoThePageCacheAreFine", FINDING_slow_writes, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { files(c, HOOK_write, 30000, 60 * kUs, 65536); }},
    {"SlowWritesAreNotApplicableWithoutWrites", FINDING_slow_writes, FINDING_NOT_APPLICABLE, nothing},

    {"OpeningOneFileAgainAndAgainIsFound", FINDING_reopening_files, FINDING_FOUND,
     [](AnalyseCase &c) { opens(c, 100000, 0, 0, 10 * kUs); }, SEVERITY_WARNING,
     "/etc/app.conf opened 100,000 times"},
    {"OpeningAFileNowAndThenIsFine", FINDING_reopening_files, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { opens(c, 150, 0, 0, 10 * kMs); }},
    {"ReopeningIsNotApplicableWithoutFiles", FINDING_reopening_files, FINDING_NOT_APPLICABLE, nothing},

    {"FilesThatAreNotThereAreFound", FINDING_missing_files, FINDING_FOUND,
     [](AnalyseCase &c) { opens(c, 100, 90000, ENOENT, 10 * kUs); }, SEVERITY_WARNING,
     "90,000 of 90,100 opens found no file"},
    {"FilesThatAreThereAreNotMissing", FINDING_missing_files, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { opens(c, 90000, 1000, ENOENT, 10 * kUs); }},
    {"AFileThatMayNotBeReadIsNotMissing", FINDING_missing_files, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { opens(c, 100, 90000, EACCES, 10 * kUs); }},
    {"MissingFilesAreNotApplicableWithoutFiles", FINDING_missing_files, FINDING_NOT_APPLICABLE, nothing},

    {"ADescriptorThatWasRefusedIsFound", FINDING_descriptors_exhausted, FINDING_FOUND,
     [](AnalyseCase &c) { opens(c, 100, 3, EMFILE, 10 * kUs); }, SEVERITY_WARNING, "3 failed calls"},
    {"NoRefusedDescriptorIsFine", FINDING_descriptors_exhausted, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { opens(c, 100, 3, EACCES, 10 * kUs); }},
};

RULE_CASES(Files, kCases)

} // namespace
