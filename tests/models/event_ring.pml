/* event_ring: a thread's ring of event records (preload/runtime/ring.c: ring_push) and a reader that copies the segment
 * (tools/read/snapshot.c, second_look.c; a record whose start is 0 is none). The ring has two places, of which one is overwritten;
 * the writer may be killed at any step, the reader may begin at any step.
 *
 * Promised: no record that counts is half old and half new; and of a writer that was dead before the copy at most one
 * record is missing. Of the orders the machine may choose, that of the contents is modelled; the 0 before them and the start
 * behind them are held by the release fence and the release store.
 *
 * Broken on purpose: NO_ZERO (contents change under an old start), START_FIRST (the start is stored before the contents),
 * NO_SECOND_LOOK (the copy is believed as it is), STARTS_ONLY (the second look compares no more than the start).
 */
#define PLACES 2
#define EVENTS 3

byte start[PLACES];
byte duration[PLACES]; /* every part of event n is n */
byte target[PLACES];
byte written = 0;
bool over = false;

#define MAY_DIE if :: skip :: goto end fi

proctype writer()
{
    byte event = 1;
    do
    :: event > EVENTS -> break
    :: else ->
#ifndef NO_ZERO
        start[written % PLACES] = 0;
        MAY_DIE;
#endif
#ifdef START_FIRST
        start[written % PLACES] = event;
        MAY_DIE;
#endif
        if
        :: duration[written % PLACES] = event; MAY_DIE; target[written % PLACES] = event
        :: target[written % PLACES] = event; MAY_DIE; duration[written % PLACES] = event
        fi;
        MAY_DIE;
        start[written % PLACES] = event;
        MAY_DIE;
        written = written + 1;
        MAY_DIE;
        event++
    od;
end:
    over = true
}

byte first_start[PLACES], first_duration[PLACES], first_target[PLACES];
byte again_start[PLACES], again_duration[PLACES], again_target[PLACES];

/* The parts of a place in any order: a copy promises none. */
#define COPY(to) \
    place = 0; \
    do \
    :: place == PLACES -> break \
    :: else -> \
        if \
        :: to##_start[place] = start[place]; to##_duration[place] = duration[place]; to##_target[place] = target[place] \
        :: to##_target[place] = target[place]; to##_duration[place] = duration[place]; to##_start[place] = start[place] \
        :: to##_duration[place] = duration[place]; to##_start[place] = start[place]; to##_target[place] = target[place] \
        fi; \
        place++ \
    od

#ifdef STARTS_ONLY
#define CHANGED (first_start[place] != again_start[place])
#else
#define CHANGED (first_start[place] != again_start[place] || first_duration[place] != again_duration[place] || \
                 first_target[place] != again_target[place])
#endif

proctype reader()
{
    byte place, missing = 0;
    bool dead = over;
    COPY(first);
    COPY(again);
    place = 0;
    do
    :: place == PLACES -> break
    :: else ->
#ifndef NO_SECOND_LOOK
        if
        :: CHANGED -> first_start[place] = 0
        :: else
        fi;
#endif
        if
        :: first_start[place] != 0 ->
            assert(first_start[place] == first_duration[place] && first_start[place] == first_target[place])
        :: first_start[place] == 0 && place < written -> missing++
        :: else
        fi;
        place++
    od;
    assert(!dead || missing <= 1)
}

init { atomic { run writer(); run reader() } }
