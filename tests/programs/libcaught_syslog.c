/* Preloaded into a program that writes to syslog: its lines go to stderr, with their priority. */
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

static void show(int priority, const char *format, va_list values)
{
    fprintf(stderr, "syslog %d: ", priority);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
}

void syslog(int priority, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    show(priority, format, values);
    va_end(values);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list values;
    (void)flag;
    va_start(values, format);
    show(priority, format, values);
    va_end(values);
}
