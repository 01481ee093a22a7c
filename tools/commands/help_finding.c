/* help_finding.c: see help_finding.h. The texts are beside the rules. */
#include "commands/help_finding.h"

void help_finding_print(struct screen *screen, enum finding_id id)
{
    enum { LABEL = 10, LINES_MOST = 20 };
    const struct finding_about *about = finding_about(id);
    screen_print(screen, STYLE_BOLD, "%s: %s", finding_name(id), finding_title(id));
    screen_blank(screen);
    screen_wrap(screen, 2, "looks for", LABEL, about->looks_for, LINES_MOST);
    screen_wrap(screen, 2, "where", LABEL, about->precondition, LINES_MOST);
    screen_wrap(screen, 2, "found", LABEL, about->formula, LINES_MOST);
    screen_wrap(screen, 2, "fix", LABEL, about->fix, LINES_MOST);
    screen_wrap(screen, 2, "risk", LABEL, about->risk, LINES_MOST);
    screen_wrap(screen, 2, "verify", LABEL,
                "strong-report diff BEFORE AFTER: the finding must be gone or smaller, beyond noise.", LINES_MOST);
}
