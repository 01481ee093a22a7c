/* hook_stdio_stream.c: opening, reopening, flushing and closing streams, and running programs through
 * them. */
#include <fcntl.h>
#include <sys/stat.h>

#include "hook_show.h"

static char buf[256];

static void opening(void)
{
    FILE *stream;
    SHOW_POINTER(stream, fopen("file", "w"));
    SHOW(fileno(stream));
    SHOW(fputs("text\n", stream) >= 0);
    SHOW(fflush(stream));
    SHOW(fputs("more\n", stream) >= 0);
    SHOW(fflush_unlocked(stream));
    SHOW(fclose(stream));
    SHOW_POINTER(stream, fopen64("file", "a+e"));
    SHOW(fileno(stream));
    SHOW(fcntl(fileno(stream), F_GETFD));
    SHOW(fgets(buf, sizeof buf, stream) != NULL);
    SHOW_POINTER(stream, freopen("file", "r", stream));
    SHOW(fileno(stream));
    SHOW(fgets(buf, sizeof buf, stream) != NULL);
    SHOW_POINTER(stream, freopen(NULL, "r+", stream));
    SHOW(fileno(stream));
    SHOW_POINTER(stream, freopen64("other", "w", stream));
    SHOW(fileno(stream));
    SHOW(fclose(stream));
    SHOW(fcntl(3, F_GETFD));
    int fd = open("file", O_RDONLY);
    SHOW_POINTER(stream, fdopen(fd, "r"));
    SHOW(fileno(stream) == fd);
    SHOW(fgets(buf, sizeof buf, stream) != NULL);
    SHOW(fclose(stream));
    SHOW(close(fd));
    SHOW(fflush(NULL));
}

static void failing(void)
{
    FILE *stream;
    SHOW_POINTER(stream, fopen("missing", "r"));
    SHOW_POINTER(stream, fopen64("missing/below", "w"));
    SHOW_POINTER(stream, fopen("file", "nonsense"));
    SHOW_POINTER(stream, fopen(nothing, "r"));
    SHOW_POINTER(stream, fopen64(unmapped, "r"));
    SHOW_POINTER(stream, fdopen(-1, "r"));
    SHOW_POINTER(stream, fdopen(99, "r"));
    int fd = open("file", O_RDONLY);
    SHOW_POINTER(stream, fdopen(fd, "w"));
    SHOW(close(fd));
    stream = fopen("file", "r");
    SHOW_POINTER(stream, freopen("missing", "r", stream));
    stream = fopen("file", "r");
    SHOW_POINTER(stream, freopen64("missing", "r", stream));
    SHOW(open("file", O_RDONLY));
    SHOW(close(3));
    stream = fopen("/dev/full", "w");
    SHOW(fputs("no room", stream) >= 0);
    SHOW(fflush(stream));
    SHOW(fflush_unlocked(stream));
    SHOW(fclose(stream));
    stream = fopen("file", "r");
    SHOW(close(fileno(stream)));
    SHOW(fclose(stream));
}

static void programs(void)
{
    FILE *stream;
    fflush(stdout);
    SHOW_POINTER(stream, popen("echo from a program; exit 3", "r"));
    SHOW(fileno(stream));
    SHOW(fgets(buf, sizeof buf, stream) != NULL);
    printf("  %s", buf);
    SHOW(fgets(buf, sizeof buf, stream) != NULL);
    SHOW(pclose(stream));
    SHOW_POINTER(stream, popen("  read a; test \"$a\" = word", "we"));
    SHOW(fputs("word\n", stream) >= 0);
    SHOW(pclose(stream));
    SHOW_POINTER(stream, popen("no-such-program-anywhere 2>/dev/null", "r"));
    SHOW(pclose(stream));
    SHOW_POINTER(stream, popen("true", "nonsense"));
    SHOW(open("file", O_RDONLY));
    SHOW(close(3));
}

int main(void)
{
    umask(022);
    enter_directory();
    opening();
    failing();
    programs();
    SHOW(unlink("file"));
    SHOW(unlink("other"));
    leave_directory();
    return 0;
}
