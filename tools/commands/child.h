/* child.h: starting the program `run` measures, and waiting for it as a shell would.
 *
 * While it runs: a keyboard's SIGINT and SIGQUIT reach it by themselves (same process group), so they are
 * only survived here; SIGTERM, SIGHUP and signals sent by a process to us alone are passed on.
 * Changes the process's signal dispositions: once a process.
 */
#ifndef STRONG_COMMANDS_CHILD_H
#define STRONG_COMMANDS_CHILD_H

/* Runs argv as execvp does. Returns its exit code, 128 + the number of the signal that ended it, 126 or
 * 127 as shells use them where it could not be started (*ret_started 0, after a message), or 1 where
 * there was no process to be had. */
int child_run(char **argv, int *ret_started);

#endif
