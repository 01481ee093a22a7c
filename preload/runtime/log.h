/* log.h: the only way libstrong speaks: whole lines "libstrong: …" on descriptor 2, STRONG_LOG permitting.
 *
 * Never on stdout, never buffered, never before config_init. Any thread; not in signal handlers by
 * convention (a line there would land in the middle of the program's own output).
 */
#ifndef STRONG_RUNTIME_LOG_H
#define STRONG_RUNTIME_LOG_H

enum { LOG_MISTAKE = 1, LOG_DETAIL = 2 };

/* Joins the strings up to a NULL into one line and writes it with one system call. Control characters in them become '?'. */
void log_line(int level, const char *first, ...) __attribute__((sentinel));

#endif
