/* resolver_addresses.h: a number for the addresses this network namespace's interfaces have now.
 *
 * libc's answers depend on them: AI_ADDRCONFIG leaves families out, and the order of the rest follows the source address
 * each would be reached from. Asked of the kernel as libc asks it, at every lookup, by one dump of the address table:
 * 5 µs (measured); the descriptor lives no longer. 0: the kernel does not say. Any thread; not after seccomp.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_ADDRESSES_H
#define STRONG_OPTIMIZE_RESOLVER_ADDRESSES_H

#include <stdint.h>

uint64_t resolver_addresses(void);

#endif
