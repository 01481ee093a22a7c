/* libc_declarations.h: every system header that declares an interposed symbol, and the declarations of
 * the symbols libc exports without a public prototype (fortified variants, double-underscore aliases).
 * The prototypes of the latter are those of the documented function plus, for __*_chk, the size of the
 * destination object (LSB core specification, "Interfaces for libc").
 */
#ifndef STRONG_RUNTIME_LIBC_DECLARATIONS_H
#define STRONG_RUNTIME_LIBC_DECLARATIONS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <resolv.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

size_t __fread_chk(void *buf, size_t buf_len, size_t size, size_t n, FILE *stream);
char *__fgets_chk(char *buf, size_t buf_len, int n, FILE *stream);
size_t __fread_unlocked_chk(void *buf, size_t buf_len, size_t size, size_t n, FILE *stream);
char *__fgets_unlocked_chk(char *buf, size_t buf_len, int n, FILE *stream);
int __printf_chk(int flag, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list arguments);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list arguments);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t buf_len);
ssize_t __pread_chk(int fd, void *buf, size_t n, off_t offset, size_t buf_len);
ssize_t __pread64_chk(int fd, void *buf, size_t n, off64_t offset, size_t buf_len);
ssize_t __read(int fd, void *buf, size_t n);
ssize_t __write(int fd, const void *buf, size_t n);
ssize_t __pread64(int fd, void *buf, size_t n, off64_t offset);
ssize_t __pwrite64(int fd, const void *buf, size_t n, off64_t offset);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
int __close(int fd);
int __dup2(int from, int to);
int __fcntl(int fd, int command, ...);
int __pipe(int fds[2]);
int __connect(int fd, const struct sockaddr *address, socklen_t len);
ssize_t __send(int fd, const void *buf, size_t n, int flags);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t buf_len, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t buf_len, int flags,
                       struct sockaddr *address, socklen_t *len);
int __poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_len);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t fds_len);
int __select(int count, fd_set *reads, fd_set *writes, fd_set *exceptions, struct timeval *timeout);
pid_t __fork(void);
pid_t __vfork(void);
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
int __sigaction(int signal, const struct sigaction *action, struct sigaction *ret_old);
sighandler_t bsd_signal(int signal, sighandler_t handler);
sighandler_t __sysv_signal(int signal, sighandler_t handler);

#endif
