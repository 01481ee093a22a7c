/* hook_stdio_buffered.c: the buffered calls, while the buffer serves them and when it does not, on
 * files, pipes, memory, wide and unbuffered streams. */
#include <fcntl.h>
#include <wchar.h>

#include "hook_show.h"

size_t __fread_chk(void *buf, size_t buf_len, size_t size, size_t n, FILE *stream);
char *__fgets_chk(char *buf, size_t buf_len, int n, FILE *stream);
size_t __fread_unlocked_chk(void *buf, size_t buf_len, size_t size, size_t n, FILE *stream);
char *__fgets_unlocked_chk(char *buf, size_t buf_len, int n, FILE *stream);

/* the header inlines these for constant sizes: the calls are what is tested */
#undef fread_unlocked
#undef fwrite_unlocked

static char buf[8192];

/* A sum that changes with every byte and its place. */
static unsigned sum(const char *bytes, size_t n)
{
    unsigned total = 0;
    for (size_t i = 0; i < n; i++)
        total = total * 31 + (unsigned char)bytes[i];
    return total;
}

static void writing(void)
{
    FILE *stream = fopen("file", "w");
    for (int i = 0; i < 1000; i++) {
        fprintf(stream, "line %d ", i);
        fputs("of many lines", stream);
        fputs_unlocked(" that fill", stream);
        fwrite(" the buffer", 1, 11, stream);
        fwrite_unlocked("!\n", 2, 1, stream);
    }
    memset(buf, 'x', sizeof buf);
    SHOW(fwrite(buf, 1, sizeof buf, stream));
    SHOW(fwrite(buf, 1000, 3, stream));
    SHOW(fwrite(buf, 0, 3, stream));
    SHOW(fwrite(buf, 1, 0, nothing));
    SHOW(fputs("", stream) >= 0);
    SHOW(fputs("\n", stream) >= 0);
    SHOW(fputs_unlocked("\n", stream) >= 0);
    SHOW(ftell(stream));
    SHOW(fread(buf, 1, 1, stream));
    SHOW(fgets(buf, 10, stream) != NULL);
    SHOW(ferror(stream) != 0);
    SHOW(fclose(stream));
}

static void lines(void)
{
    FILE *stream = fopen("file", "r");
    char *line = NULL;
    size_t room = 0;
    unsigned total = 0;
    for (int i = 0; i < 200; i++) {
        fgets(buf, 200, stream);
        total += sum(buf, strlen(buf));
        fgets_unlocked(buf, 200, stream);
        total += sum(buf, strlen(buf));
        __fgets_chk(buf, sizeof buf, 10, stream);
        total += sum(buf, strlen(buf));
        __fgets_unlocked_chk(buf, sizeof buf, 200, stream);
        total += sum(buf, strlen(buf));
        total += (unsigned)getline(&line, &room, stream) + sum(line, strlen(line));
        total += (unsigned)getdelim(&line, &room, '!', stream) + sum(line, strlen(line));
        total += (unsigned)__getdelim(&line, &room, ' ', stream) + sum(line, strlen(line));
    }
    printf("  sum %u at %ld\n", total, ftell(stream));
    SHOW(getc(stream));
    SHOW(ungetc('Z', stream));
    SHOW(fgets(buf, 200, stream) != NULL);
    printf("  %s", buf);
    SHOW(ungetc('Y', stream));
    SHOW(ungetc('X', stream));
    SHOW(getline(&line, &room, stream));
    printf("  %s", line);
    SHOW(fgets(buf, 1, stream) != NULL);
    SHOW(fgets(buf, 0, stream) != NULL);
    while (getline(&line, &room, stream) > 0)
        total += sum(line, strlen(line));
    printf("  sum %u\n", total);
    SHOW(getline(&line, &room, stream));
    SHOW(fgets(buf, 20, stream) != NULL);
    SHOW(getdelim(&line, nothing, 'x', stream));
    SHOW(feof(stream) != 0);
    SHOW(fputs("x", stream));
    SHOW(fwrite("x", 1, 1, stream));
    SHOW(fclose(stream));
    free(line);
}

static void blocks(void)
{
    FILE *stream = fopen("file", "r+");
    unsigned total = 0;
    for (int i = 0; i < 300; i++) {
        total += (unsigned)fread(buf, 1, 10, stream) + sum(buf, 10);
        total += (unsigned)fread_unlocked(buf, 5, 3, stream) + sum(buf, 15);
        total += (unsigned)__fread_chk(buf, sizeof buf, 7, 1, stream) + sum(buf, 7);
        total += (unsigned)__fread_unlocked_chk(buf, sizeof buf, 1, 33, stream) + sum(buf, 33);
    }
    printf("  sum %u\n", total);
    SHOW(fread(buf, 1, sizeof buf, stream));
    SHOW(fread(buf, 0, 1, stream));
    SHOW(fread(buf, 1, 0, nothing));
    SHOW(fseek(stream, 0, SEEK_CUR));
    SHOW(fwrite("overwritten", 1, 11, stream));
    SHOW(fseek(stream, -11, SEEK_CUR));
    SHOW(fread(buf, 1, 11, stream));
    printf("  %.11s\n", buf);
    SHOW(fseek(stream, -5, SEEK_END));
    SHOW(fread(buf, 2, 10, stream));
    SHOW(feof(stream) != 0);
    SHOW(fread(buf, 1, 1, stream));
    SHOW(fclose(stream));
}

static void other_streams(void)
{
    char *text = NULL, room[32];
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    SHOW(fwrite("in memory", 1, 9, stream));
    SHOW(fputs(", all of it", stream) >= 0);
    SHOW(fflush(stream));
    printf("  \"%s\" %zu\n", text, len);
    SHOW(fclose(stream));
    free(text);

    stream = fmemopen(room, sizeof room, "w+");
    SHOW(fputs("first\nsecond\n", stream) >= 0);
    rewind(stream);
    SHOW(fgets(buf, 100, stream) != NULL);
    printf("  %s", buf);
    SHOW(fclose(stream));

    stream = fopen("wide", "w+");
    SHOW(fwide(stream, 1) > 0);
    SHOW(fputws(L"wide\n", stream) >= 0);
    SHOW(fputs("narrow", stream));
    rewind(stream);
    SHOW(fgetws((wchar_t *)(void *)buf, 100, stream) != NULL);
    SHOW(fgets(buf, 100, stream) != NULL);
    SHOW(fread(buf, 1, 1, stream));
    SHOW(fclose(stream));
    SHOW(unlink("wide"));

    stream = fopen("file", "r");
    setvbuf(stream, NULL, _IONBF, 0);
    SHOW(fread(buf, 1, 4, stream));
    SHOW(fgets(buf, 10, stream) != NULL);
    printf("  %s\n", buf);
    SHOW(fclose(stream));
}

static void failing(void)
{
    int fds[2];
    FILE *stream;
    if (pipe2(fds, O_NONBLOCK) < 0)
        exit(1);
    stream = fdopen(fds[0], "r");
    SHOW(fread(buf, 1, 10, stream));
    SHOW(ferror(stream) != 0);
    clearerr(stream);
    SHOW(fgets(buf, 10, stream) != NULL);
    SHOW(write(fds[1], "one\ntwo", 7));
    clearerr(stream);
    SHOW(fgets(buf, 10, stream) != NULL);
    SHOW(fgets(buf, 10, stream) != NULL);
    printf("  %s\n", buf);
    SHOW(fclose(stream));
    close(fds[1]);

    stream = fopen("/dev/full", "w");
    setvbuf(stream, NULL, _IOLBF, 100);
    SHOW(fputs("no room", stream) >= 0);
    SHOW(fputs("\n", stream) >= 0);
    SHOW(fwrite("a\nb", 1, 3, stream));
    setvbuf(stream, NULL, _IONBF, 0);
    SHOW(fputs("at once", stream) >= 0);
    SHOW(fwrite("at once", 1, 7, stream));
    SHOW(fclose(stream) == EOF);

    stream = fopen(".", "r");
    SHOW(fread(buf, 1, 10, stream));
    SHOW(ferror(stream) != 0);
    SHOW(fclose(stream));
}

static void standard_output(void)
{
    SHOW(puts("a line"));
    SHOW(puts(""));
    memset(buf, 'p', 5000);
    buf[5000] = '\0';
    SHOW(puts(buf));
    fflush(stdout);
    setvbuf(stdout, NULL, _IONBF, 0);
    SHOW(puts("unbuffered"));
}

int main(void)
{
    enter_directory();
    writing();
    lines();
    blocks();
    other_streams();
    failing();
    standard_output();
    SHOW(unlink("file"));
    leave_directory();
    return 0;
}
