/* cut_file.h: files that libelf has mapped and that become shorter meanwhile.
 *
 * Segments are copied and never mapped, but libelf maps the programs that samples fell into, and a program can be built
 * anew, or cut on purpose, while its names are read. What is gone reads as zeros, as if the file had held them: libelf and
 * libdw have to withstand any contents anyhow. Without this the kernel's answer is SIGBUS, which ends the process.
 */
#ifndef STRONG_READ_CUT_FILE_H
#define STRONG_READ_CUT_FILE_H

/* From now on, for the whole process. Again is nothing. */
void cut_file_reads_as_zeros(void);

#endif
