/* tcp_tuning.h: optimizer "tcp"; see tcp_tuning.c. */
#ifndef STRONG_OPTIMIZE_TCP_TUNING_H
#define STRONG_OPTIMIZE_TCP_TUNING_H

/* Boot: after fdtable_init; stacks on top of the connection pool. */
int tcp_tuning_init(void);

#endif
