/* descriptor_reuse: connect() gives the program's socket a connection that is kept (preload/optimize/connection_pool.c:
 * try_reuse; connection_reuse.c: connection_reuse_hand_on), while other threads close that number, call on it, open other
 * files, and the connection's time runs out.
 *
 * Promised: the number is given the connection only while it is the socket that connect() was called on; a close that
 * comes meanwhile is carried out, once; a kept connection is taken once; and a record that follows the number follows the
 * file that is there, unless other calls were seen.
 *
 * EXPIRY: the connection's time runs out meanwhile, instead of another call. Both at once hold too, in 32 million states.
 *
 * Broken on purpose: NO_COUNT, BLIND (descriptor_word.inc), NO_RESERVE (the number is not reserved), ASK_ONCE (a close that
 * could not enter the record does not ask again whether the number is reserved), STILL_FOLLOWED (a number is closed belatedly
 * with its record in place), TAKEN_TWICE (with EXPIRY: taking a kept connection is no swap).
 */
#ifdef TAKEN_TWICE
#define EXPIRY
#endif
#include "descriptor_word.inc"

bool program_closed = false;
byte takers = 0;

inline take()
{
#ifdef TAKEN_TWICE
    done = STATE(word[0]) == KEPT;
    if :: done -> word[0] = WITH_STATE(word[0], RESERVED) | 1 :: else fi;
#else
    move(0, KEPT, RESERVED, 0);
#endif
    if :: done -> takers++; assert(takers == 1) :: else fi
}

/* Ours, by its number, and its record. */
inline discard()
{
    drop(K);
    file[K] = 0;
    leave(0)
}

proctype connector()
{
    LOCALS;
    int fresh = -1, word_kept, word_fresh, kept_mark;
    bool alone = true, closed = false;
    enter(P);
    fresh = index;
    if
    :: fresh == 1 ->
        take();
        if
        :: done ->
#ifndef NO_RESERVE
            move(1, OPEN, RESERVED, 1);
#endif
            if
            :: done ->
                assert(file[P] == 2);
                file[P] = file[K]; /* dup3 */
                /* fdstate_pass */
                word_kept = word[0];
                word_fresh = word[1];
                kept_mark = MARK_OF(0, word_kept);
                MARK_INSTEAD(K, kept_mark, 0);
                do
                :: alone = ALONE(word_kept, FLAGS);
                   SWAP(0, word_kept, WITH_STATE(word_kept, OPEN) & ~FLAGS);
                   if :: done -> break :: else fi
                od;
                MARK_INSTEAD(P, MARK_OF(1, word_fresh), kept_mark);
                alone = alone && done;
                do
                :: alone = alone && ALONE(word_fresh, DROPPED | OVERLAP);
                   atomic {
                       SWAP(1, word_fresh, WITH_STATE(word_fresh, OPEN) | DROPPED);
                       assert(!done || !alone || (inside[1] == 0 && inside[2] == 0) || (word[0] & OVERLAP))
                   };
                   if :: done -> break :: else fi
                od;
                closed = (word_fresh & CLOSE_LATER) != 0;
                leave(1);
                if
                :: alone -> skip
                :: else -> MARK_INSTEAD(P, kept_mark, 0); free_record(0); leave(0)
                fi;
                file[K] = 0;
                if
                :: closed ->
#ifndef STILL_FOLLOWED
                    drop(P);
#endif
                    assert(file[P] == 1);
                    file[P] = 0
                :: else
                fi;
                if :: alone -> leave(0) :: else fi
            :: else -> discard(); leave(1)
            fi
        :: else -> leave(1)
        fi
    :: else -> if :: fresh >= 0 -> leave(fresh) :: else fi
    fi
}

/* The program closes the number: a socket not connected, or one that a reused connection has taken the place of. */
proctype closer()
{
    LOCALS;
    int mine = -1;
    done = false;
    close_later(P);
    if
    :: done -> skip
    :: else ->
        enter(P);
        mine = index;
        done = false;
#ifndef ASK_ONCE
        if
        :: mine < 0 -> close_later(P)
        :: else
        fi
#endif
    fi;
    if
    :: done -> program_closed = true
    :: else ->
        if
        :: mine >= 0 -> drop(P); leave(mine)
        :: else
        fi;
        drop(P);
        atomic { assert(file[P] == 1 || file[P] == 2); file[P] = 0; program_closed = true }
    fi
}

/* The kept connection's time is over. */
proctype expiry()
{
    LOCALS;
    take();
    if :: done -> discard() :: else fi
}

proctype end()
{
    timeout;
    assert(!program_closed || file[P] == 0 || file[P] == 3);
    assert(mark[P] != MARK_OF(0, word[0]) || STATE(word[0]) != OPEN || (word[0] & FLAGS) || file[P] == 1);
    assert(mark[P] != MARK_OF(1, word[1]) || STATE(word[1]) != OPEN || (word[1] & FLAGS) || file[P] == 2)
}

init
{
    atomic {
        word[0] = WITH_STATE(GENERATION, KEPT);
        mark[K] = MARK_OF(0, word[0]);
        file[K] = 1;
        word[1] = WITH_STATE(GENERATION, OPEN);
        mark[P] = MARK_OF(1, word[1]);
        file[P] = 2;
        run connector();
        run closer();
        run opener();
#ifdef EXPIRY
        run expiry();
#else
        run caller();
#endif
        run end()
    }
}
