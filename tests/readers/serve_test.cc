/* strong-report serve as curl, slow clients and pages that a browser was lured to meet it; and watch as a receiver of webhooks
 * and a system log do.
 */
#include "readers_case.h"

#include "tools/segment_seeds.h"

namespace
{

class ServeReadersTest : public ReadersTest
{
  protected:
    /* A line with $url, a server of `subject` below it, and what became of the server. */
    Outcome serving(const std::string &subject, const std::string &line)
    {
        return shell("$R serve --listen=127.0.0.1:0 " + subject + " 2>told & server=$!\n"
                     "for i in {1..500}; do url=$(sed -n 's/.*\\(http:.*\\)\\//\\1/p' told); [ -n \"$url\" ] && break; "
                     "sleep 0.02; done\n"
                     "host=${url#http://}\n" + line + "\n"
                     "kill -TERM $server; wait $server; echo ended $?");
    }

    void SetUp() override
    {
        ReadersTest::SetUp();
        seed_client().write(segments() + "/seed.strong");
    }
};

TEST_F(ServeReadersTest, AnswersWhatItHasAndRefusesTheRest)
{
    Outcome outcome = serving("segments/seed.strong",
        "get() { curl -s -o body -w '%{http_code} %{content_type}\\n' \"$@\"; }\n"
        "get $url/healthz; get $url/metrics; get $url/report.json; get $url/; get \"$url/metrics?x=1\"\n"
        "get $url/nothing; get $url/metrics/; get -I $url/metrics\n"
        "get -X POST -d x=1 $url/metrics; get -X DELETE $url/; get -X OPTIONS $url/metrics; get -X PUT -T /etc/hostname $url/\n"
        "get -H 'Host: evil.example' $url/metrics; get -H 'Host: localhost' $url/healthz; get -H 'Host:' $url/healthz\n");
    EXPECT_EQ(outcome.out, "200 text/plain; charset=utf-8\n200 text/plain; version=0.0.4; charset=utf-8\n"
                           "200 application/json\n200 text/html; charset=utf-8\n"
                           "200 text/plain; version=0.0.4; charset=utf-8\n"
                           "404 text/plain; charset=utf-8\n404 text/plain; charset=utf-8\n"
                           "200 text/plain; version=0.0.4; charset=utf-8\n"
                           "405 text/plain; charset=utf-8\n405 text/plain; charset=utf-8\n405 text/plain; charset=utf-8\n"
                           "405 text/plain; charset=utf-8\n"
                           "403 text/plain; charset=utf-8\n200 text/plain; charset=utf-8\n403 text/plain; charset=utf-8\n"
                           "ended 0\n") << outcome.err;
}

TEST_F(ServeReadersTest, SendsTheReportThatTheCommandPrints)
{
    Outcome outcome = serving("segments/seed.strong", "curl -s $url/report.json >served.json; curl -s -D head $url/ >served.html");
    EXPECT_EQ(outcome.out, "ended 0\n") << outcome.err;
    EXPECT_EQ(must("$R --json segments/seed.strong | cmp - served.json && echo same"), "same\n");
    EXPECT_EQ(slurp(folder / "served.html").compare(0, 15, "<!DOCTYPE html>"), 0);
    std::string head = slurp(folder / "head");
    for (const char *line : {"X-Content-Type-Options: nosniff", "Cache-Control: no-store", "X-Frame-Options: DENY"})
        EXPECT_NE(head.find(line), std::string::npos) << line << head;
    EXPECT_EQ(head.find("Access-Control"), std::string::npos) << head;
}

TEST_F(ServeReadersTest, ReadsNothingMoreThanOnceASecond)
{
    Outcome outcome = serving("", "LD_PRELOAD=$LIB perl -e 'select undef, undef, undef, 0.01 while 1' & busy=$!\n"
                                  "for i in {1..500}; do curl -s $url/metrics | grep -q 'strong_process_info.*perl' && break; "
                                  "sleep 0.02; done\n"
                                  "start=$SECONDS; count=0\n"
                                  "while [ $((SECONDS - start)) -lt 3 ]; do curl -s $url/metrics | md5sum; done | uniq | wc -l >looks\n"
                                  "kill $busy; wait $busy");
    EXPECT_EQ(outcome.out, "ended 0\n") << outcome.err;
    int looks = atoi(slurp(folder / "looks").c_str());
    EXPECT_GE(looks, 2) << "it changes";
    EXPECT_LE(looks, 5) << "three seconds, and their ends";
}

TEST_F(ServeReadersTest, ServesOthersWhileSomeAreSlow)
{
    Outcome outcome = serving("segments/seed.strong",
        "for i in {1..40}; do exec {slow}<>/dev/tcp/${host%:*}/${host#*:}; printf 'GET /metr' >&$slow; done\n"
        "curl -s -m 10 -o /dev/null -w '%{http_code}\\n' $url/healthz\n"
        "exec {big}<>/dev/tcp/${host%:*}/${host#*:}; head -c 200000 /dev/zero | tr '\\0' a >&$big 2>/dev/null\n"
        "curl -s -m 10 -o /dev/null -w '%{http_code}\\n' $url/healthz");
    EXPECT_EQ(outcome.out, "200\n200\nended 0\n") << outcome.err;
}

TEST_F(ServeReadersTest, HasMetricsWhereNothingRunsAndSaysThatThereIsNoReport)
{
    Outcome outcome = serving("nobody", "curl -s $url/metrics | promtool check metrics && echo good\n"
                                        "curl -s -o body -w '%{http_code}\\n' $url/report.json; cat body");
    EXPECT_EQ(outcome.out, "good\n503\nnothing runs that is measured\nended 0\n") << outcome.err;
}

TEST_F(ServeReadersTest, EndsAfterAsManyAnswersAsItWasTold)
{
    must("$R serve --count=2 --listen=127.0.0.1:0 segments/seed.strong 2>told & server=$!\n"
         "for i in {1..500}; do url=$(sed -n 's/.*\\(http:.*\\)/\\1/p' told); [ -n \"$url\" ] && break; sleep 0.02; done\n"
         "curl -s -o /dev/null ${url}healthz; curl -s -o /dev/null ${url}healthz; wait $server");
    EXPECT_EQ(shell("$R serve --listen=127.0.0.1:0 missing.strong").code, 1);
}

class AlertReadersTest : public ReadersTest
{
  protected:
    /* A rule on a file's whole life that fires at once; the lines that stand for `sinks`. */
    Outcome watch(const std::string &before, const std::string &arguments)
    {
        seed_client().write(segments() + "/seed.strong");
        std::ofstream(folder / "rules.ini") << "[slow \"disk\"]\nexpr = fsync.calls > 1\nseverity = critical\n"
                                               "message = a <b> \\ \"c\"\nlabels = team=storage\n";
        return shell(before + "$R watch --rules=rules.ini --interval=100ms " + arguments + " segments/seed.strong");
    }
};

TEST_F(AlertReadersTest, PostWhatAlertmanagerPostsUntilItIsTaken)
{
    Outcome outcome = watch("/usr/bin/python3 $READERS/webhook.py 503,200 >got & receiver=$!\n"
                            "for i in {1..500}; do [ -s port ] && break; sleep 0.02; done\n",
                            "--count=30 --sink=webhook:http://127.0.0.1:$(cat port)/hook?x=1");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "") << "the second time it was taken";
    EXPECT_EQ(must("jq -c '[.[0], .[1], .[2]]' got"),
              "[503,\"/hook?x=1\",\"application/json\"]\n[200,\"/hook?x=1\",\"application/json\"]\n");
    EXPECT_EQ(must("jq -s '.[0][3] == .[1][3]' got"), "true\n") << "the same again";
    EXPECT_EQ(must("head -1 got | jq -c '.[3] | [.version, .status, .receiver, .truncatedAlerts, .groupLabels, "
                   ".commonLabels, .alerts[0].labels == .commonLabels]'"),
              "[\"4\",\"firing\",\"strong-report\",0,{\"alertname\":\"slow \\\"disk\\\"\"},"
              "{\"team\":\"storage\",\"alertname\":\"slow \\\"disk\\\"\",\"severity\":\"critical\",\"command\":\"victim\","
              "\"run\":\"seed-run\"},true]\n");
    EXPECT_EQ(must("head -1 got | jq -c '.[3].alerts[0] | [.status, .annotations.summary, .endsAt, (.fingerprint | test(\"^[0-9a-f]{16}$\")), "
                   "(.startsAt | test(\"^20[0-9-]+T[0-9:.]+Z$\"))]'"),
              "[\"firing\",\"a <b> \\\\ \\\"c\\\"\",\"0001-01-01T00:00:00Z\",true,true]\n");
}

TEST_F(AlertReadersTest, GiveUpWhereTheAnswerIsFinal)
{
    Outcome outcome = watch("/usr/bin/python3 $READERS/webhook.py 404 >got & receiver=$!\n"
                            "for i in {1..500}; do [ -s port ] && break; sleep 0.02; done\n",
                            "--count=3 --sink=webhook:http://127.0.0.1:$(cat port)/");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.err.find(": the answer is 404\n"), std::string::npos) << outcome.err;
    EXPECT_EQ(must("wc -l <got"), "1\n");
}

TEST_F(AlertReadersTest, GoToTheSystemLogByTheirSeverity)
{
    Outcome outcome = watch("export LD_PRELOAD=$PROGRAMS/libcaught_syslog.so\n", "--count=2 --sink=syslog");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err.find("syslog 2: slow \"disk\" (critical): firing: a <b> \\ \"c\": fsync.calls is 2, limit > 1; victim, pid "),
              0u) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

} // namespace
