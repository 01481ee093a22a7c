/* network_view.h: the parts of the network view that are not about one peer. Write to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_NETWORK_VIEW_H
#define STRONG_RENDER_NETWORK_VIEW_H

#include "render/view.h"

/* Which calls failed how often, by errno. The kernel's answers "not yet" are told apart. */
void network_errors(struct screen *screen, const struct analysis *analysis,
                    const struct view_form *form);
/* What the connection pool, the socket tuning and the memory of names did, and why they refused what they refused. */
void network_optimizers(struct screen *screen, const struct analysis *analysis);

#endif
