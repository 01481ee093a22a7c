/* monitor/cgroup.c: which file holds the process's throttling, and what it says. */
#include "c_headers.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

static std::vector<std::string> candidates(const char *groups)
{
    std::vector<std::string> paths;
    char room[256];
    struct text path = text_in(room, sizeof room);
    for (unsigned attempt = 0; attempt < 10 && cgroup_stat_path(groups, attempt, &path); attempt++)
        paths.push_back(room);
    return paths;
}

TEST(Cgroup, UnifiedGroupIsLookedForByItsPathThenAtTheMount)
{
    EXPECT_EQ(candidates("0::/system.slice/nginx.service\n"),
              (std::vector<std::string>{"/sys/fs/cgroup/system.slice/nginx.service/cpu.stat",
                                        "/sys/fs/cgroup/cpu.stat",
                                        "/sys/fs/cgroup/unified/system.slice/nginx.service/cpu.stat"}));
}

TEST(Cgroup, RootOfANamespaceAddsNothingToTheMount)
{
    EXPECT_EQ(candidates("0::/\n").at(0), "/sys/fs/cgroup/cpu.stat");
}

TEST(Cgroup, FirstVersionsCpuControllerWinsOverTheUnifiedTree)
{
    const char *groups = "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n3:cpuset:/docker/abc\n0::/docker/abc\n";
    EXPECT_EQ(candidates(groups),
              (std::vector<std::string>{"/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.stat",
                                        "/sys/fs/cgroup/cpu/docker/abc/cpu.stat",
                                        "/sys/fs/cgroup/cpu,cpuacct/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"}));
}

TEST(Cgroup, CpusetAndCpuacctAloneAreNotTheCpuController)
{
    EXPECT_EQ(candidates("3:cpuset:/a\n2:cpuacct:/b\n0::/c\n").at(0), "/sys/fs/cgroup/c/cpu.stat");
    EXPECT_TRUE(candidates("3:cpuset:/a\n2:cpuacct:/b\n").empty());
}

TEST(Cgroup, ControllerMayStandAnywhereInItsList)
{
    EXPECT_EQ(candidates("3:cpuacct,cpu:/a").at(0), "/sys/fs/cgroup/cpuacct,cpu/a/cpu.stat");
}

TEST(Cgroup, GroupOutsideTheNamespaceIsNotFollowed)
{
    EXPECT_EQ(candidates("0::/../../elsewhere\n").at(0).find(".."), std::string::npos);
}

TEST(Cgroup, PathMayHoldColons)
{
    EXPECT_EQ(candidates("0::/a:b\n").at(0), "/sys/fs/cgroup/a:b/cpu.stat");
}

TEST(Cgroup, TextThatIsNoGroupListGivesNoPath)
{
    EXPECT_TRUE(candidates("").empty());
    EXPECT_TRUE(candidates("garbage\n::\n").size() <= 3);
    EXPECT_TRUE(candidates("one:two\n").empty());
}

TEST(Cgroup, FirstVersionCountsNanoseconds)
{
    cgroup_throttling seen;
    ASSERT_TRUE(cgroup_parse("nr_periods 120\nnr_throttled 60\nthrottled_time 3000000001\n", &seen));
    EXPECT_EQ(seen.periods, 120u);
    EXPECT_EQ(seen.throttled_periods, 60u);
    EXPECT_EQ(seen.throttled_ns, 3000000001u);
}

TEST(Cgroup, SecondVersionCountsMicroseconds)
{
    cgroup_throttling seen;
    ASSERT_TRUE(cgroup_parse("usage_usec 100\nuser_usec 60\nsystem_usec 40\nnr_periods 7\nnr_throttled 3\n"
                             "throttled_usec 250\nnr_bursts 0\nburst_usec 0\n",
                             &seen));
    EXPECT_EQ(seen.periods, 7u);
    EXPECT_EQ(seen.throttled_periods, 3u);
    EXPECT_EQ(seen.throttled_ns, 250000u);
}

TEST(Cgroup, RootGroupWithoutThrottlingIsNotReadAsZero)
{
    cgroup_throttling seen = {1, 2, 3};
    EXPECT_FALSE(cgroup_parse("usage_usec 100\nuser_usec 60\nsystem_usec 40\n", &seen));
    EXPECT_EQ(seen.periods, 1u);
}
