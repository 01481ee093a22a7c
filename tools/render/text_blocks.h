/* text_blocks.h: small tables that the verdict and the full report share: the hottest functions,
 * the targets with most time, where the threads stand, what was switched off. Each prints a heading
 * and at most `most` lines below it, or nothing at all when there is nothing to say.
 */
#ifndef STRONG_RENDER_TEXT_BLOCKS_H
#define STRONG_RENDER_TEXT_BLOCKS_H

#include "analyse/analysis.h"
#include "render/screen.h"

void text_blocks_functions(struct screen *screen, const struct analysis *analysis, unsigned most);
void text_blocks_targets(struct screen *screen, const struct analysis *analysis, unsigned most);
void text_blocks_now(struct screen *screen, const struct analysis *analysis, unsigned most);
void text_blocks_notes(struct screen *screen, const struct analysis *analysis, unsigned most);

/* The name of a target, or the place of its call. */
const char *text_blocks_target(const struct analysis *analysis, uint32_t target);

/* The command line without the directory of its program. */
const char *text_blocks_command(const struct model_process *process);

#endif
