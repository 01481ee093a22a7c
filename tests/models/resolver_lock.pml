/* resolver_lock: the lock of one slot of the shared names (preload/optimize/resolver_table.c: claim, write_words,
 * resolver_table_store, copy_out). Two writers that may die at any step, one reader; then a third writer, alone.
 *
 * Promised: what passes the second look at the lock was written by one writer; and a slot whose writer died is taken again.
 * Left out: time. A lock counts as stuck when its holder is dead; with SLEEPERS also when it only sleeps, which is why entries
 * have a checksum: there torn entries get through, and the model must find one. Spin runs memory in order; of the orders the
 * machine may choose, that of the two words is modelled, the others are held by acquire and release, as the code says.
 *
 * Broken on purpose: NO_SECOND_LOOK (reader), NO_SWAP (a claim by plain store), NEVER_STUCK (no takeover).
 */
#define NOBODY 0

byte lock = 0;     /* the number: odd while somebody writes */
byte holder = NOBODY;
byte words[2];     /* each as who wrote it */
bool dead[4];
bool published[4];

#ifdef NEVER_STUCK
#define STUCK false
#else
#ifdef SLEEPERS
#define STUCK true
#else
#define STUCK (holder != NOBODY && dead[holder])
#endif
#endif

#ifdef IMMORTAL
#define MAY_DIE(me) skip
#else
#define MAY_DIE(me) if :: skip :: me != 3 -> dead[me] = true; goto end fi
#endif

proctype writer(byte me)
{
    byte seen, held, first;
    seen = lock;
    if
    :: seen % 2 == 0 -> held = seen + 1
    :: seen % 2 == 1 ->
        if
        :: STUCK -> held = seen + 2
        :: else -> goto end
        fi
    fi;
#ifdef NO_SWAP
    atomic { lock = held; holder = me };
#else
    atomic {
        if
        :: lock == seen -> lock = held; holder = me
        :: else -> goto end
        fi
    };
#endif
    MAY_DIE(me);
    if :: first = 0 :: first = 1 fi;
    words[first] = me;
    MAY_DIE(me);
    words[1 - first] = me;
    MAY_DIE(me);
    atomic {
        if
        :: lock == held -> lock = held + 1; published[me] = true
        :: else
        fi
    };
end:
    skip
}

proctype reader()
{
    byte seen, one, other;
    seen = lock;
    if
    :: seen % 2 == 0 ->
        one = words[0];
        other = words[1];
#ifndef NO_SECOND_LOOK
        if
        :: lock != seen -> goto end
        :: else
        fi;
#endif
        assert(one == other)
    :: else
    fi;
end:
    skip
}

init {
    atomic { run writer(1); run writer(2); run reader() };
    _nr_pr == 1; /* all have ended, or died */
    run writer(3);
    _nr_pr == 1;
    assert(published[3]);
    run reader();
    _nr_pr == 1
}
