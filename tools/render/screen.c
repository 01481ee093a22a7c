/* screen.c: see screen.h. The only file of strong-report that writes styled text, and the place
 * where foreign bytes become harmless. Invariant: what reaches screen.out is printable UTF-8 (or
 * ASCII), our own style sequences, and one newline a line.
 */
#include "render/screen.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const style_codes[] = {
    [STYLE_PLAIN] = "",           [STYLE_BOLD] = "\033[1m",
    [STYLE_DIM] = "\033[2m",      [STYLE_CRITICAL] = "\033[1;31m",
    [STYLE_WARNING] = "\033[33m", [STYLE_NOTE] = "\033[36m",
    [STYLE_BAR] = "\033[34m",
};

/* ---- characters ---- */

/* Decodes one code point; returns its bytes. Malformed input is one byte of U+FFFD. */
static size_t decode(const unsigned char *text, size_t len, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = text[0];
    size_t need = first < 0x80   ? 1
                  : first < 0xc2 ? 0
                  : first < 0xe0 ? 2
                  : first < 0xf0 ? 3
                  : first < 0xf5 ? 4
                                 : 0;
    *ret_code = 0xfffd;
    if (need == 0 || need > len)
        return 1;
    uint32_t code = need == 1 ? first : first & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 1;
        code = code << 6 | (text[i] & 0x3f);
    }
    if (code < least[need] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 1;
    *ret_code = code;
    return need;
}

/* Anything that could move the cursor, reverse the text's direction, or take no column. */
static bool harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0xfffd ||
           (code >= 0x0300 && code <= 0x036f) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           (code >= 0xfe00 && code <= 0xfe0f) || code == 0xfeff ||
           (code >= 0xfff0 && code <= 0xfffc) || code >= 0xe0000;
}

static const char *ascii_form(uint32_t code)
{
    switch (code) {
    case 0xb1: /* ± */
        return "~";
    case 0xb5: /* µ */
        return "u";
    case 0x2026: /* … */
        return "~";
    case 0x2013: /* – */
        return "-";
    case 0xd7: /* × */
        return "x";
    case 0x2265: /* ≥ */
        return ">";
    case 0x2014: /* — */
        return "-";
    case 0x251c: /* ├ */
    case 0x2514: /* └ */
        return "+";
    case 0x2502: /* │ */
        return "|";
    case 0x2500: /* ─ */
        return "-";
    case 0x2192: /* → */
        return ">";
    case 0x2581: /* ▁ and its like, of screen_spark */
        return "_";
    case 0x2582:
        return ".";
    case 0x2583:
        return "-";
    case 0x2584:
        return "=";
    case 0x2585:
        return "+";
    case 0x2586:
        return "*";
    case 0x2587:
        return "%";
    case 0x2588:
        return "#";
    default:
        return "?";
    }
}

/* One code point into the line; false when it does not fit. */
static bool put_code(struct screen_line *line, const unsigned char *bytes, size_t len,
                     uint32_t code)
{
    const char *from = (const char *)bytes;
    if (harmful(code)) {
        from = "?";
        len = 1;
    } else if (code >= 0x80 && !line->screen->unicode) {
        from = ascii_form(code);
        len = 1;
    }
    /* Room is kept for the style's end and the terminator. */
    if (line->columns >= line->screen->width || line->len + len + 16 > sizeof(line->text)) {
        line->full = true;
        return false;
    }
    memcpy(line->text + line->len, from, len);
    line->len += len;
    line->columns++;
    return true;
}

static void put_text(struct screen_line *line, const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + len;
    while (at < end && !line->full) {
        uint32_t code;
        size_t used = decode(at, (size_t)(end - at), &code);
        if (!put_code(line, at, used, code))
            return;
        at += used;
    }
}

static void put_style(struct screen_line *line, const char *code)
{
    size_t len = strlen(code);
    if (line->screen->colour && line->len + len + 8 < sizeof(line->text)) {
        memcpy(line->text + line->len, code, len);
        line->len += len;
    }
}

static void put_styled(struct screen_line *line, enum screen_style style, const char *text,
                       size_t len)
{
    if (style != STYLE_PLAIN && len > 0) {
        put_style(line, style_codes[style]);
        put_text(line, text, len);
        put_style(line, "\033[0m");
    } else {
        put_text(line, text, len);
    }
}

size_t screen_style_at(const char *text, enum screen_style *ret_style)
{
    static const char end[] = "\033[0m";
    if (strncmp(text, end, sizeof(end) - 1) == 0) {
        *ret_style = STYLE_PLAIN;
        return sizeof(end) - 1;
    }
    for (unsigned i = STYLE_BOLD; i < sizeof(style_codes) / sizeof(style_codes[0]); i++) {
        size_t len = strlen(style_codes[i]);
        if (strncmp(text, style_codes[i], len) == 0) {
            *ret_style = (enum screen_style)i;
            return len;
        }
    }
    return 0;
}

unsigned screen_columns(const char *text)
{
    unsigned columns = 0;
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    while (at < end) {
        uint32_t code;
        at += decode(at, (size_t)(end - at), &code);
        columns++;
    }
    return columns;
}

size_t screen_clean(char *ret_text, size_t capacity, const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + len;
    size_t written = 0;
    while (at < end) {
        uint32_t code;
        size_t used = decode(at, (size_t)(end - at), &code);
        const char *from = harmful(code) ? "?" : (const char *)at;
        size_t bytes = harmful(code) ? 1 : used;
        if (written + bytes + 1 > capacity)
            break;
        memcpy(ret_text + written, from, bytes);
        written += bytes;
        at += used;
    }
    if (capacity > 0)
        ret_text[written] = '\0';
    return written;
}

/* ---- the screen ---- */

static bool environment_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

void screen_init(struct screen *screen, FILE *out)
{
    *screen = (struct screen){.out = out, .width = SCREEN_DEFAULT_WIDTH};
    int fd = fileno(out);
    bool terminal = fd >= 0 && isatty(fd);
    struct winsize size;
    if (environment_set("COLUMNS")) {
        int columns = atoi(getenv("COLUMNS"));
        if (columns > 0)
            screen->width = (unsigned)columns;
    } else if (terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        screen->width = size.ws_col;
    }
    if (screen->width < SCREEN_MIN_WIDTH)
        screen->width = SCREEN_MIN_WIDTH;
    if (screen->width > 400)
        screen->width = 400;
    const char *term = getenv("TERM");
    screen->colour =
        terminal && !environment_set("NO_COLOR") && (term == NULL || strcmp(term, "dumb") != 0);
    /* The program may not have called setlocale: then the environment says what the terminal
     * speaks. */
    const char *codeset = nl_langinfo(CODESET);
    const char *locale = environment_set("LC_ALL")     ? getenv("LC_ALL")
                         : environment_set("LC_CTYPE") ? getenv("LC_CTYPE")
                         : environment_set("LANG")     ? getenv("LANG")
                                                       : "";
    screen->unicode = strcmp(codeset, "UTF-8") == 0 || strcasestr(locale, "utf-8") != NULL ||
                      strcasestr(locale, "utf8") != NULL;
}

void screen_begin(struct screen_line *line, const struct screen *screen)
{
    line->screen = screen;
    line->len = 0;
    line->columns = 0;
    line->full = false;
}

void screen_add(struct screen_line *line, enum screen_style style, const char *format, ...)
{
    char text[SCREEN_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (len > 0)
        put_styled(line, style, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void screen_add_text(struct screen_line *line, enum screen_style style, const char *text,
                     size_t len, unsigned max_columns)
{
    char clean[1024], shown[1100];
    size_t bytes = screen_clean(clean, sizeof(clean), text, len);
    unsigned columns = screen_columns(clean);
    if (columns <= max_columns) {
        put_styled(line, style, clean, bytes);
        return;
    }
    /* Keep the end: of a path or an address it says most. */
    unsigned head = max_columns / 3, tail = max_columns > head ? max_columns - head - 1 : 0;
    const char *at = clean;
    unsigned seen = 0;
    size_t used = 0;
    while (seen < columns) {
        uint32_t code;
        size_t step = decode((const unsigned char *)at, strlen(at), &code);
        if (seen == head) {
            memcpy(shown + used, "…", 3);
            used += 3;
        }
        if (seen < head || seen >= columns - tail) {
            memcpy(shown + used, at, step);
            used += step;
        }
        at += step;
        seen++;
    }
    put_styled(line, style, shown, used);
}

void screen_column(struct screen_line *line, unsigned column)
{
    if (line->columns >= column && line->columns > 0 && line->len > 0 &&
        line->text[line->len - 1] != ' ')
        put_text(line, " ", 1);
    while (line->columns < column && !line->full)
        put_text(line, " ", 1);
}

void screen_right(struct screen_line *line, unsigned end, enum screen_style style, const char *text)
{
    unsigned columns = screen_columns(text);
    screen_column(line, end > columns ? end - columns : 0);
    put_styled(line, style, text, strlen(text));
}

void screen_bar(struct screen_line *line, double share, unsigned columns)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    char bar[400 * 3 + 4];
    size_t len = 0;
    if (share > 1)
        share = 1;
    if (!(share > 0))
        return;
    if (columns > 400)
        columns = 400;
    unsigned parts = (unsigned)(share * columns * 8 + 0.5);
    if (!line->screen->unicode) {
        unsigned marks = (parts + 4) / 8;
        memset(bar, '#', marks);
        len = marks;
    } else {
        for (unsigned i = 0; i < parts / 8; i++, len += 3)
            memcpy(bar + len, "█", 3);
        size_t rest = strlen(eighths[parts % 8]);
        memcpy(bar + len, eighths[parts % 8], rest);
        len += rest;
    }
    put_styled(line, STYLE_BAR, bar, len);
}

void screen_spark(struct screen_line *line, const double *shares, unsigned count)
{
    static const char *const eighths[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    for (unsigned i = 0; i < count; i++) {
        double share = shares[i] > 1 ? 1 : shares[i];
        if (share >= 0)
            screen_add(line, STYLE_BAR, "%s", eighths[(unsigned)(share * 7 + 0.5)]);
        else
            screen_add(line, STYLE_PLAIN, " ");
    }
}

void screen_end(struct screen_line *line, struct screen *screen)
{
    while (line->len > 0 && line->text[line->len - 1] == ' ')
        line->len--;
    fwrite(line->text, 1, line->len, screen->out);
    fputc('\n', screen->out);
    screen->lines++;
}

void screen_print(struct screen *screen, enum screen_style style, const char *format, ...)
{
    char text[SCREEN_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    struct screen_line line;
    screen_begin(&line, screen);
    if (len > 0)
        put_styled(&line, style, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
    screen_end(&line, screen);
}

void screen_blank(struct screen *screen)
{
    fputc('\n', screen->out);
    screen->lines++;
}

/* A number stays with its unit: no break between a digit and a short word. */
static bool may_break(const char *start, const char *space)
{
    if (space == start || space[-1] < '0' || space[-1] > '9')
        return true;
    return strcspn(space + 1, " ,;)") > 3;
}

void screen_wrap(struct screen *screen, unsigned indent, const char *label, unsigned label_columns,
                 const char *text, unsigned max_lines)
{
    struct screen_line line;
    unsigned left = indent + (label != NULL ? label_columns : 0);
    const char *at = text;
    for (unsigned number = 0; number < max_lines && (*at != '\0' || number == 0); number++) {
        screen_begin(&line, screen);
        screen_column(&line, indent);
        if (label != NULL && number == 0)
            screen_add(&line, STYLE_DIM, "%s", label);
        screen_column(&line, left);
        unsigned room = screen->width > left ? screen->width - left : 1, columns = 0;
        const char *scan = at, *stop = NULL;
        while (*scan != '\0' && columns < room) {
            uint32_t code;
            if (*scan == ' ' && may_break(at, scan))
                stop = scan;
            scan += decode((const unsigned char *)scan, strlen(scan), &code);
            columns++;
        }
        bool last = number + 1 == max_lines;
        if (*scan == '\0' || (*scan == ' ' && !last && may_break(at, scan)))
            stop = scan;
        else if (last) /* one column for the ellipsis */
            while (scan > at && ((*--scan & 0xc0) == 0x80))
                ;
        if (stop == NULL || (last && *stop != '\0'))
            stop = scan;
        put_text(&line, at, (size_t)(stop - at));
        if (last && *stop != '\0')
            put_text(&line, "…", 3);
        screen_end(&line, screen);
        at = stop;
        while (*at == ' ')
            at++;
    }
}
