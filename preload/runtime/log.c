/* log.c: see log.h. One write(2) a line, so that lines of several processes do not mix. */
#include "runtime/log.h"

#include <stdarg.h>
#include <stddef.h>

#include "runtime/config.h"
#include "runtime/seccomp.h"
#include "runtime/system.h"
#include "runtime/text.h"

void log_line(int level, const char *first, ...)
{
    if ((int)config.log < level || seccomp_entered)
        return;
    char room[512];
    struct text text = text_in(room, sizeof room - 1);
    text_string(&text, "libstrong: ");
    va_list rest;
    va_start(rest, first);
    for (const char *piece = first; piece; piece = va_arg(rest, const char *))
        text_string(&text, piece);
    va_end(rest);
    for (unsigned i = 0; i < text.len; i++) /* pieces come from the environment: nothing that moves a terminal or forges a line */
        if ((unsigned char)room[i] < ' ' || room[i] == 0x7f)
            room[i] = '?';
    room[text.len++] = '\n';
    system_call3(SYS_write, 2, room, text.len);
}
