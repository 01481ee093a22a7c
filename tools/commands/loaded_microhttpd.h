/* loaded_microhttpd.h: libmicrohttpd, loaded by serve alone: see loaded_curl.h for why. */
#ifndef STRONG_COMMANDS_LOADED_MICROHTTPD_H
#define STRONG_COMMANDS_LOADED_MICROHTTPD_H

#include <microhttpd.h>

#define LOADED_MICROHTTPD(FUNCTION)                                                                \
    FUNCTION(start_daemon)                                                                         \
    FUNCTION(stop_daemon)                                                                          \
    FUNCTION(run)                                                                                  \
    FUNCTION(get_timeout)                                                                          \
    FUNCTION(get_daemon_info)                                                                      \
    FUNCTION(get_connection_info)                                                                  \
    FUNCTION(lookup_connection_value)                                                              \
    FUNCTION(create_response_from_buffer)                                                          \
    FUNCTION(add_response_header)                                                                  \
    FUNCTION(queue_response)                                                                       \
    FUNCTION(destroy_response)

struct loaded_microhttpd {
#define FUNCTION(name) __typeof__(&MHD_##name) name;
    LOADED_MICROHTTPD(FUNCTION)
#undef FUNCTION
};

/* The functions, or NULL after a message. */
const struct loaded_microhttpd *loaded_microhttpd(const char *command);

#endif
