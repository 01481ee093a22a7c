/* resolver_state.c: see resolver_state.h. What libc changes while it asks (ids, sockets, whether IPv6 works) is left out,
 * pointers count as what they point to. */
#include "optimize/resolver_state.h"

#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "optimize/resolver_hash.h"

enum { KNOWN_STATES = 8 };

static uint64_t known[KNOWN_STATES]; /* hashes, 0: none; newest at known_next - 1 */
static uint32_t known_next;

/* Not set up, and libc will not take anything over from it (glibc's has_preinit_values). A thread on the stack of one that
 * has ended finds its predecessor's state with nothing but the options cleared. */
static bool untouched(const struct __res_state *state)
{
    return !state->options && (!state->retrans || state->retrans == RES_TIMEOUT) &&
           (!state->retry || state->retry == RES_DFLRETRY);
}

/* Never 0. */
static uint64_t fingerprint(const struct __res_state *state)
{
    uint64_t hash = resolver_mix((uint64_t)(uint32_t)state->retrans << 32 | (uint32_t)state->retry, state->options);
    hash = resolver_mix(hash, (uint64_t)state->ndots << 32 | state->nsort << 16 | (uint32_t)state->nscount);
    for (int i = 0; i < state->nscount && i < MAXNS; i++)
        hash = resolver_hash(&state->nsaddr_list[i], 8, hash); /* family, port, address */
    for (unsigned i = 0; i < state->nsort && i < MAXRESOLVSORT; i++)
        hash = resolver_hash(&state->sort_list[i], sizeof state->sort_list[i], hash);
    for (unsigned i = 0; i < MAXDNSRCH && state->dnsrch[i]; i++)
        hash = resolver_hash(state->dnsrch[i], strlen(state->dnsrch[i]), hash + 1);
    return hash | 1;
}

bool resolver_state_usual(void)
{
    const struct __res_state *state = &_res;
    if (untouched(state))
        return true;
    uint64_t hash = fingerprint(state);
    uint32_t next = __atomic_load_n(&known_next, __ATOMIC_RELAXED);
    for (uint32_t i = 1; i <= KNOWN_STATES; i++)
        if (__atomic_load_n(&known[(next - i) % KNOWN_STATES], __ATOMIC_RELAXED) == hash)
            return true;
    return false;
}

void resolver_state_learn(void)
{
    if (untouched(&_res))
        return;
    uint64_t hash = fingerprint(&_res);
    for (uint32_t i = 0; i < KNOWN_STATES; i++)
        if (__atomic_load_n(&known[i], __ATOMIC_RELAXED) == hash)
            return;
    uint32_t next = __atomic_fetch_add(&known_next, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&known[next % KNOWN_STATES], hash, __ATOMIC_RELAXED);
}
