/* pool_state.h: what the pool tells about itself: mallinfo and its relatives, and allocator_read. */
#ifndef STRONG_OPTIMIZE_POOL_STATE_H
#define STRONG_OPTIMIZE_POOL_STATE_H

/* Boot: puts its answers into `next` and allocator_read. */
void pool_state_install(void);

#endif
