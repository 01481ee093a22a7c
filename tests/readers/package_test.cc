/* What is installed: by CMake into a folder, used by somebody else's project; by dpkg from packages that lintian has read. */
#include "readers/readers_case.h"

#include <set>

namespace {

class Package : public ReadersTest
{
  protected:
    void SetUp() override
    {
        ReadersTest::SetUp();
        std::string report = STRONG_REPORT_BIN;
        setenv("BUILD", report.substr(0, report.rfind('/')).c_str(), 1);
        setenv("SOURCE", STRONG_SOURCE_DIR, 1);
    }

    std::set<std::string> lines(const std::string &line)
    {
        std::istringstream text(must(line));
        std::set<std::string> all;
        for (std::string one; std::getline(text, one);)
            all.insert(one);
        return all;
    }
};

TEST_F(Package, IsUsedByAProjectWithCMakeOrPkgConfigFromWhereverItIsInstalled)
{
    must("DESTDIR=$PWD/first cmake --install $BUILD --prefix /opt/strong && mv first/opt/strong moved");
    std::string place = folder / "moved", pkgconfig = must("dirname $(find moved -name libstrong.pc)");
    pkgconfig.pop_back();
    must("PKG_CONFIG_PATH=$PWD/" + pkgconfig + " cmake -S $READERS/consumer -B consumer -G Ninja -DCMAKE_PREFIX_PATH=" + place +
         " && cmake --build consumer");
    std::string tests = must("ctest --test-dir consumer --no-tests=error --output-on-failure");
    EXPECT_NE(tests.find("100% tests passed, 0 tests failed out of 6"), std::string::npos) << tests;
    for (const char *name : {"by-package-measured", "by-package-cxx-measured", "by-pkg-config-measured"})
        EXPECT_EQ(must("moved/bin/strong-report list --json | jq 'map(select(.run == \"" + std::string(name) + "\")) | length'"),
                  "1\n")
            << name;
    Outcome run = shell("moved/bin/strong-report run --no-report --name=moved -- /bin/true");
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "") << "libstrong.so is found where strong-report is";
    EXPECT_EQ(must("moved/bin/strong-report list --json | jq -r '.[] | select(.run == \"moved\").state'"), "exited\n");
}

TEST_F(Package, InstallsRunsAndUninstallsAndLintianHasNothingToSay)
{
    must("$SOURCE/scripts/package --of $BUILD packages");
    must("DESTDIR=$PWD/all cmake --install $BUILD --prefix /usr");
    std::set<std::string> packaged = lines("for deb in packages/*.deb; do dpkg-deb --fsys-tarfile $deb | tar -t; done "
                                           "| grep -v '/$' | sed 's/^\\.//'");
    EXPECT_EQ(packaged, lines("cd all && find . -type f | sed 's/^\\.//'")) << "nothing that is installed is in no package";

    Outcome lintian = shell("lintian --fail-on error,warning packages/*.deb");
    EXPECT_EQ(lintian.code, 0) << lintian.out;
    EXPECT_EQ(lintian.out, "");

    std::string architecture = must("dpkg-architecture -qDEB_HOST_MULTIARCH");
    architecture.pop_back();
    EXPECT_EQ(must("$READERS/install.sh $PWD/packages"),
              "installed: libstrong installed,libstrong-dev installed,strong-tools installed\n"
              "measured: true\n"
              "preloaded: /usr/lib/" + architecture + "/pkgconfig/../libstrong/libstrong.so, 1 segment\n"
              "manual: /usr/share/man/man1/strong-report.1.gz\n"
              "manual: /usr/share/man/man7/libstrong.7.gz\n"
              "manual: /usr/share/man/man5/strong-config.5.gz\n"
              "manual: /usr/share/man/man3/strong.h.3.gz\n"
              "bash: complete -F _strong_report strong-report\n"
              "zsh: /usr/share/zsh/vendor-completions/_strong-report\n"
              "fish: export\n"
              "pkg-config: 0.1.0\n"
              "purged: 0 left\n");
    EXPECT_EQ(must("ls packages/segments | wc -l"), "2\n") << "segments are their user's, not the package's";
}

} // namespace
