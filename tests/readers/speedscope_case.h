/* speedscope_case.h: speedscope itself, in a headless browser, as a reader of what is exported.
 *
 * The page is the one that the npm package brings, opened with a file the way its own command does it; what it shows is
 * read from the document: the profiles' names, and the table of functions.
 */
#ifndef STRONG_TESTS_SPEEDSCOPE_CASE_H
#define STRONG_TESTS_SPEEDSCOPE_CASE_H

#include "readers_case.h"

#include <regex>

class SpeedscopeViewer : public ReadersTest
{
  protected:
    /* The texts on the page that shows a file of the folder, parted by '|'. */
    std::string view(const std::string &name)
    {
        must("printf 'speedscope.loadFileFromBase64(\"%s\", \"%s\")' " + name + " \"$(base64 -w0 " +
             name + ")\" >page.js");
        std::string page = must(
            "timeout 60 chromium --headless --no-sandbox --disable-gpu --allow-file-access-from-files "
            "--user-data-dir=$PWD/browser --virtual-time-budget=60000 --dump-dom "
            "\"file://$READERS/node_modules/speedscope/dist/release/index.html"
            "#localProfilePath=$PWD/page.js&view=sandwich\" 2>/dev/null");
        page = std::regex_replace(page, std::regex("<(style|script)[^]*?</(style|script)>"), "");
        page = std::regex_replace(page, std::regex("<[^>]*>"), "|");
        page = std::regex_replace(page, std::regex("\\|[|\\s]*"), "|");
        for (const auto &[entity, letter] :
             {std::pair("&lt;", "<"), {"&gt;", ">"}, {"&quot;", "\""}, {"&nbsp;", " "}, {"&amp;", "&"}})
            page = std::regex_replace(page, std::regex(entity), letter);
        return page;
    }
};

#endif
