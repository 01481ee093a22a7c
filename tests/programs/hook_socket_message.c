/* hook_socket_message.c: datagrams and messages with ancillary data: descriptors and credentials pass
 * unharmed, truncation is reported as it is, several messages go in one call. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "hook_show.h"

static char buf[64], control[256];

/* Sends one descriptor and its sender's credentials with a byte. */
static void send_descriptor(int socket, int fd)
{
    struct iovec part = {"d", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *header;
    memset(control, 0, sizeof control);
    message.msg_controllen = CMSG_SPACE(sizeof(int));
    header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    SHOW(sendmsg(socket, &message, 0));
}

/* Receives into `room` bytes of control data and shows all of it. */
static void receive(int socket, size_t room)
{
    struct iovec part = {buf, sizeof buf};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    memset(control, 0x55, sizeof control);
    SHOW(recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
    printf("  flags %x control %zu untouched %d\n", (unsigned)message.msg_flags,
           (size_t)message.msg_controllen, control[sizeof control - 1] == 0x55);
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        printf("  level %d type %d len %zu\n", header->cmsg_level, header->cmsg_type,
               (size_t)header->cmsg_len);
        if (header->cmsg_type == SCM_RIGHTS) {
            int fd;
            memcpy(&fd, CMSG_DATA(header), sizeof fd);
            SHOW(fcntl(fd, F_GETFD));
            SHOW(read(fd, buf, 7));
            printf("  %.7s\n", buf);
            SHOW(close(fd));
        } else if (header->cmsg_type == SCM_CREDENTIALS) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
            printf("  ours %d\n", credentials.pid == getpid() && credentials.uid == getuid());
        }
    }
}

static void ancillary(void)
{
    int fds[2], file, on = 1;
    SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
    SHOW_SET(file, open("file", O_RDWR | O_CREAT, 0600));
    SHOW(write(file, "content", 7));
    SHOW(lseek(file, 0, SEEK_SET));
    send_descriptor(fds[0], file);
    receive(fds[1], sizeof control - 8);
    SHOW(lseek(file, 0, SEEK_SET));
    send_descriptor(fds[0], file);
    receive(fds[1], CMSG_LEN(sizeof(int)) - 1);
    send_descriptor(fds[0], file);
    receive(fds[1], 0);
    SHOW(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    SHOW(lseek(file, 0, SEEK_SET));
    send_descriptor(fds[0], file);
    receive(fds[1], sizeof control - 8);
    send_descriptor(fds[0], -1);
    SHOW(sendmsg(fds[0], nothing, 0));
    SHOW(sendmsg(fds[0], unmapped, 0));
    SHOW(recvmsg(fds[1], unmapped, MSG_DONTWAIT));
    SHOW(sendmsg(-1, nothing, 0));
    SHOW(recvmsg(-1, nothing, 0));
    struct msghdr empty = {0};
    SHOW(recvmsg(fds[1], &empty, MSG_DONTWAIT));
    SHOW(close(fds[0]));
    SHOW(close(fds[1]));
    SHOW(close(file));
    SHOW(unlink("file"));
}

static void datagrams(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET}, peer;
    socklen_t len = sizeof address;
    int server, client;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SHOW_SET(server, socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(bind(server, (struct sockaddr *)&address, sizeof address));
    if (getsockname(server, (struct sockaddr *)&address, &len) < 0)
        exit(1);
    SHOW_SET(client, socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(sendto(client, "unconnected", 11, 0, (struct sockaddr *)&address, sizeof address));
    len = sizeof peer;
    SHOW(recvfrom(server, buf, 5, MSG_TRUNC, (struct sockaddr *)&peer, &len));
    printf("  %.5s family %d len %d\n", buf, peer.sin_family, (int)len);
    SHOW(sendto(server, "", 0, 0, (struct sockaddr *)&peer, sizeof peer));
    SHOW(recv(client, buf, sizeof buf, 0));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW(send(client, "connected", 9, 0));
    SHOW(recv(server, buf, sizeof buf, 0));
    SHOW(sendto(client, "x", 1, 0, unmapped, sizeof address));
    SHOW(recvfrom(server, buf, 1, MSG_DONTWAIT, NULL, NULL));

    struct iovec parts[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
    struct mmsghdr out[3] = {0}, in[4] = {0};
    static char rooms[4][8];
    struct iovec rooms_parts[4];
    for (int i = 0; i < 3; i++)
        out[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    for (int i = 0; i < 4; i++) {
        rooms_parts[i] = (struct iovec){rooms[i], sizeof rooms[i]};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &rooms_parts[i], .msg_iovlen = 1};
    }
    SHOW(sendmmsg(client, out, 3, 0));
    SHOW(recvmmsg(server, in, 2, 0, NULL));
    printf("  %u %u %s %s\n", in[0].msg_len, in[1].msg_len, rooms[0], rooms[1]);
    SHOW(recvmmsg(server, in, 4, MSG_WAITFORONE, NULL));
    printf("  %u %s\n", in[0].msg_len, rooms[0]);
    struct timespec soon = {0, 1000000};
    SHOW(recvmmsg(server, in, 4, MSG_DONTWAIT, &soon));
    SHOW(sendmmsg(client, out, 0, 0));
    SHOW(sendmmsg(client, unmapped, 1, 0));
    SHOW(recvmmsg(server, unmapped, 1, MSG_DONTWAIT, NULL));
    SHOW(sendmmsg(-1, out, 1, 0));
    SHOW(recvmmsg(-1, in, 1, 0, NULL));
    SHOW(close(client));
    SHOW(close(server));
}

int main(void)
{
    enter_directory();
    ancillary();
    datagrams();
    leave_directory();
    return 0;
}
