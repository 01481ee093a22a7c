/* identity.h: who this process is: the texts and numbers of the segment header. Boot and promotion,
 * single-threaded. identity_arguments: from the constructor, which is where argv is to be had.
 */
#ifndef STRONG_RUNTIME_IDENTITY_H
#define STRONG_RUNTIME_IDENTITY_H

int identity_init(void);             /* fills the header and publishes it (magic) */
void identity_arguments(int argc, char **argv);
void identity_lives_on(void);        /* what costs a file: first tick, or exit of a process that lived a while */
void identity_publish(void);         /* again, into a forked child's fresh segment */

#endif
