/* loaded_curl.h: libcurl, loaded by those who post to webhooks.
 *
 * Linked into strong-report it would cost every command the start of some twenty libraries (measured: as much as
 * the whole of `strong-report check`, several times over). So it is opened when it is needed; names and types are those of
 * its own header. Called once, before threads.
 */
#ifndef STRONG_COMMANDS_LOADED_CURL_H
#define STRONG_COMMANDS_LOADED_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define LOADED_CURL(FUNCTION)                                                                      \
    FUNCTION(global_init)                                                                          \
    FUNCTION(global_cleanup)                                                                       \
    FUNCTION(easy_init)                                                                            \
    FUNCTION(easy_setopt)                                                                          \
    FUNCTION(easy_getinfo)                                                                         \
    FUNCTION(easy_strerror)                                                                        \
    FUNCTION(easy_cleanup)                                                                         \
    FUNCTION(slist_append)                                                                         \
    FUNCTION(slist_free_all)                                                                       \
    FUNCTION(multi_init)                                                                           \
    FUNCTION(multi_add_handle)                                                                     \
    FUNCTION(multi_remove_handle)                                                                  \
    FUNCTION(multi_perform)                                                                        \
    FUNCTION(multi_info_read)                                                                      \
    FUNCTION(multi_poll)                                                                           \
    FUNCTION(multi_cleanup)

struct loaded_curl {
#define FUNCTION(name) __typeof__(&curl_##name) name;
    LOADED_CURL(FUNCTION)
#undef FUNCTION
};

/* The functions, or NULL after a message. */
const struct loaded_curl *loaded_curl(const char *command);

#endif
