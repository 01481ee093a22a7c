/* hook_stdio_printf.c: every form of printf: output, result, %n, and the fortified ones' flag. */
#include <fcntl.h>
#include <stdarg.h>

#include "hook_show.h"

int __printf_chk(int flag, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list arguments);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list arguments);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments);

enum form { VPRINTF, VPRINTF_CHK, VFPRINTF, VFPRINTF_CHK, VDPRINTF, VDPRINTF_CHK };

static int through(enum form form, FILE *stream, int fd, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int ret = form == VPRINTF         ? vprintf(format, arguments)
              : form == VPRINTF_CHK   ? __vprintf_chk(1, format, arguments)
              : form == VFPRINTF      ? vfprintf(stream, format, arguments)
              : form == VFPRINTF_CHK  ? __vfprintf_chk(stream, 1, format, arguments)
              : form == VDPRINTF      ? vdprintf(fd, format, arguments)
                                      : __vdprintf_chk(fd, 1, format, arguments);
    va_end(arguments);
    return ret;
}

/* Many arguments, so that registers and stack are both used, integers and floating point. */
#define FORMAT "%d %s %c %ld %.3f %x %5d|%-5s|%e %lld %.2Lf %zu %%\n"
#define VALUES                                                                                     \
    -1, "text", 'c', 123456789012L, 3.14159, 255u, 42, "left", 1e100, 1LL << 40, 2.5L, sizeof(int)

static void to_output(void)
{
    SHOW(printf(FORMAT, VALUES));
    SHOW(through(VPRINTF, NULL, 0, FORMAT, VALUES));
    SHOW(__printf_chk(1, FORMAT, VALUES));
    SHOW(through(VPRINTF_CHK, NULL, 0, FORMAT, VALUES));
}

static void to_file(void)
{
    FILE *stream = fopen("file", "w+");
    char line[256];
    SHOW(fprintf(stream, FORMAT, VALUES));
    SHOW(through(VFPRINTF, stream, 0, FORMAT, VALUES));
    SHOW(__fprintf_chk(stream, 1, FORMAT, VALUES));
    SHOW(through(VFPRINTF_CHK, stream, 0, FORMAT, VALUES));
    SHOW(fprintf(stream, "%5000d\n", 1));
    SHOW(fflush(stream));
    int fd = fileno(stream);
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(dprintf(fd, FORMAT, VALUES));
    SHOW(through(VDPRINTF, NULL, fd, FORMAT, VALUES));
    SHOW(__dprintf_chk(fd, 1, FORMAT, VALUES));
    SHOW(through(VDPRINTF_CHK, NULL, fd, FORMAT, VALUES));
    rewind(stream);
    while (fgets(line, sizeof line, stream))
        if (line[0] != ' ')
            printf("  %s", line);
    SHOW(fclose(stream));
    SHOW(unlink("file"));
}

static void counted(void)
{
    static const char format[] = "abc%n%d\n";
    int place = -1;
    SHOW(printf("abc%n\n", &place));
    printf("  %d\n", place);
    SHOW(through(VPRINTF, NULL, 0, format, &place, 5));
    printf("  %d\n", place);
    SHOW(__printf_chk(1, format, &place, 6)); /* allowed: the format cannot be written to */
    printf("  %d\n", place);
    SHOW(dprintf(1, "%s", ""));
}

static void failing(void)
{
    FILE *full = fopen("/dev/full", "w"), *input = fopen("/dev/null", "r");
    setvbuf(full, NULL, _IONBF, 0);
    SHOW(fprintf(full, "%s\n", "no room"));
    SHOW(__fprintf_chk(full, 1, "%s\n", "no room"));
    SHOW(through(VFPRINTF, full, 0, "%d", 1));
    SHOW(fprintf(input, "%d", 1));
    SHOW(through(VFPRINTF_CHK, input, 0, "%d", 1));
    SHOW(dprintf(-1, "%d", 1));
    SHOW(dprintf(fileno(full), "%d", 1));
    SHOW(__dprintf_chk(-1, 1, "%d", 1));
    SHOW(through(VDPRINTF, NULL, 99, "%d", 1));
    SHOW(through(VDPRINTF_CHK, NULL, fileno(input), "%d", 1));
    SHOW(fclose(full));
    SHOW(fclose(input));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    enter_directory();
    to_output();
    to_file();
    counted();
    failing();
    leave_directory();
    return 0;
}
