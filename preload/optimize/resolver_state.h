/* resolver_state.h: whether the calling thread's resolver state (_res) is what libc makes of the configuration.
 *
 * A program may change _res: other name servers, another search list, other options. Its answers are its own then:
 * they are neither remembered nor taken from memory. Told by comparison: a state that has not been set up yet is
 * usual, and so is every state that libc has set up from a usual one. The caller tells when that happened:
 *
 *   bool usual = resolver_state_usual();
 *   …libc looks up, or res_init…
 *   if (usual) resolver_state_learn();
 *
 * The last few such states are kept by their hash; threads share them, because libc sets up each thread's alike.
 * Any thread, its own state only.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_STATE_H
#define STRONG_OPTIMIZE_RESOLVER_STATE_H

#include <stdbool.h>

bool resolver_state_usual(void);
void resolver_state_learn(void);

#endif
