/* guarded_open.h: what libdw opens by itself.
 *
 * A module says where more of it lies: .gnu_debuglink, .gnu_debugaltlink, DWO names, each with a path of its choice, and
 * libdw opens that with a plain open(2). The module may be a stranger's. Between begin and end, whatever any library opens
 * to read is a plain file or is not there: no fifo is waited for, no device is touched.
 *
 * It works because the executable's open comes before libc's for every library (guarded_open.c). Not for code that is
 * linked statically with libdw. Pairs do not nest. Single-threaded.
 */
#ifndef STRONG_READ_GUARDED_OPEN_H
#define STRONG_READ_GUARDED_OPEN_H

void guarded_open_begin(void);
void guarded_open_end(void);

#endif
