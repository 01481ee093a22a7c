/* descriptor_close: a connection is taken from the program at close (preload/optimize/connection_pool.c: pool_close,
 * connection_park_put) while other threads call on its number, duplicate it, and open other files.
 *
 * Promised: a connection that is kept is nobody else's: no call of the program is or gets inside it, the program has no
 * copy of it, its record stays kept; and the number is closed once, so that whoever gets it next keeps it.
 *
 * Broken on purpose: NO_COUNT, BLIND (descriptor_word.inc), NO_GENERATION (the record is still known by the mark that the
 * program's number had), DUP_UNSEEN (nobody is told of copies), CLOSE_AGAIN (who could not keep it closes the number as
 * well, which it already did).
 */
#include "descriptor_word.inc"

#ifdef NO_GENERATION
#define NEXT 0
#else
#define NEXT GENERATION
#endif

proctype closer()
{
    LOCALS;
    int mine = -1, kept_mark;
    bool closed = false;
    enter(P);
    mine = index;
    if
    :: mine >= 0 ->
        move(mine, OPEN, CLOSING, 1);
        if
        :: done ->
            file[K] = file[P];
            file[P] = 0;
            closed = true;
            /* fdstate_keep */
            w = word[mine];
            kept_mark = MARK_OF(mine, (w + NEXT));
            MARK_INSTEAD(P, MARK_OF(mine, w), 0);
            mark[K] = kept_mark;
            do
            :: ALONE(w, FLAGS) ->
                atomic {
                    SWAP(mine, w, WITH_STATE(w, KEPT) - 1 + NEXT);
                    if
                    :: done -> kept = true; assert(inside[1] == 0 && file[Q] != 1)
                    :: else
                    fi
                };
                if :: done -> break :: else fi
            :: else ->
                MARK_INSTEAD(K, kept_mark, 0);
                file[K] = 0;
                done = false;
                break
            od
        :: else
        fi;
        if
        :: kept -> skip
        :: !kept && closed -> free_record(mine); leave(mine)
        :: else -> drop(P); leave(mine)
        fi
    :: else
    fi;
    if
    :: kept -> skip
#ifndef CLOSE_AGAIN
    :: !kept && closed -> skip
#endif
    :: else ->
        drop(P);
        file[P] = 0
    fi
}

proctype duplicator()
{
    LOCALS;
#ifndef DUP_UNSEEN
    drop(P);
#endif
    atomic { file[Q] = file[P]; assert(file[Q] != 1 || !kept) }
}

proctype end()
{
    timeout;
    assert(!kept || (STATE(word[0]) == KEPT && file[K] == 1 && mark[P] == 0 && mark[K] != 0))
}

init
{
    atomic {
        word[0] = WITH_STATE(GENERATION, OPEN);
        mark[P] = MARK_OF(0, word[0]);
        file[P] = 1;
        run closer();
        run caller();
        run duplicator();
        run opener();
        run end()
    }
}
