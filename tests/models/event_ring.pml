/* event_ring: a thread's ring of event records (preload/runtime/ring.c: ring_push) and a reader of the segment
 * (tools/read/decode_blocks.c: a record whose start is 0 is none). The ring has two places and is gone round twice; the
 * writer may be killed at any step.
 *
 * Promised: once the writer is dead, no record that counts is half old and half new, and at most one is missing. While it lives a
 * copy of the segment can catch one place in the middle, because a reader has no second look at it: with LIVE
 * the model must find that, so nobody may rely on more. Of the orders the machine may choose, that of the contents is modelled;
 * the 0 before them and the start behind them are held by the release fence and the release store.
 *
 * Broken on purpose: NO_ZERO (contents change under an old start), START_FIRST (the start is stored before the contents).
 */
#define PLACES 2
#define EVENTS 4

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

proctype reader()
{
    byte place = 0, missing = 0, one, two, three;
#ifndef LIVE
    over;
#endif
    do
    :: place == PLACES -> break
    :: else ->
        one = start[place];
        two = duration[place];
        three = target[place];
        if
        :: one != 0 -> assert(one == two && two == three)
        :: one == 0 && place < written -> missing++
        :: else
        fi;
        place++
    od;
#ifndef LIVE
    assert(missing <= 1)
#endif
}

init { atomic { run writer(); run reader() } }
