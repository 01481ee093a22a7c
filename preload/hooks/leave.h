/* leave.h: a thread that can no longer be measured, without harm to the program, is left alone for good.
 *
 * Its state becomes OFF: hooks only forward. Its block keeps what it holds and is not given to another
 * thread. The calling thread only; any context. `note` is told in the segment and must be constant.
 */
#ifndef STRONG_HOOKS_LEAVE_H
#define STRONG_HOOKS_LEAVE_H

void leave_thread(const char *note);

/* The same for a thread that is about to lose the right to read the clock (each way there reads the
 * time-stamp counter, and would get SIGSEGV or worse), and for all threads and processes it makes. */
void leave_clockless(const char *note);

#endif
