/* help_finding.h: what one rule looks for, for `strong-report help NAME`. */
#ifndef STRONG_COMMANDS_HELP_FINDING_H
#define STRONG_COMMANDS_HELP_FINDING_H

#include "analyse/finding.h"
#include "render/screen.h"

void help_finding_print(struct screen *screen, enum finding_id id);

#endif
