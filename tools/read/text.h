/* text.h: making text that strangers wrote safe to show.
 *
 * Segments, /proc, ELF files and command lines may hold any byte: terminal escapes, half a UTF-8
 * character, newlines. Everything that reaches a terminal, a JSON document or a log goes through
 * text_clean once: the model and the symbol cache hold clean text only, so whoever prints from them
 * need not think about it again.
 *
 * Clean means: valid UTF-8; no C0 or C1 control characters, no DEL, no terminal escape sequences, no
 * bidirectional overrides or line separators. A removed escape sequence leaves nothing; any other
 * bad byte or character leaves one '?'; tab, newline and NUL become a space. Pure functions.
 */
#ifndef STRONG_READ_TEXT_H
#define STRONG_READ_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Cleans len bytes into buf (size bytes, always terminated, cut at a character's boundary). Returns
 * the length written. The result is never longer than the source: size len + 1 is always enough. */
size_t text_clean(char *buf, size_t size, const char *text, size_t len);

/* A clean copy in the arena; NULL only when memory is exhausted. */
char *text_clean_copy(struct arena *arena, const char *text, size_t len);

/* Terminal columns of clean text: one for each character, two for East Asian wide ones, none for
 * combining marks. */
size_t text_columns(const char *text);

/* Cuts clean text to at most `columns`: into buf (size bytes), with "…" in place of what is missing
 * at the end (text_fit) or at the start (text_fit_tail: for paths). Returns buf. */
char *text_fit(char *buf, size_t size, const char *text, size_t columns);
char *text_fit_tail(char *buf, size_t size, const char *text, size_t columns);

/* The candidate most like `word` by Damerau-Levenshtein distance (letter case ignored, '-' equals
 * '_'), or NULL where none is near enough to be meant (more than a third of the longer one's letters
 * differ). candidates ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
