/* secret_more PATH: carries "CANARY" bytes through the calls that secret_bytes leaves out: vectors at offsets, several
 * messages in one call, control data, calls that move bytes between descriptors, message queues, services and questions of
 * lookups, arguments and environments of children, the buffers of printf, getline and popen. PATH is made and removed.
 * Prints how many of them arrived: each is one buffer that was read back with its canary in it. */
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 512 };

static unsigned through, missed;
static char buf[MOST];

/* Each kind has a canary of its own, so that one that stayed is known. */
static void check(const char *kind, ssize_t len)
{
    char word[64];
    snprintf(word, sizeof word, "CANARY-%s", kind);
    bool found = len > 0 && memmem(buf, (size_t)len, word, strlen(word)) != NULL;
    through += found;
    if (!found) {
        missed++;
        printf("missed %s: %zd, %s\n", kind, len, strerror(errno));
    }
    memset(buf, 0, sizeof buf);
}

static struct iovec vector(const char *text)
{
    return (struct iovec){(void *)text, strlen(text)};
}

static void file(const char *path)
{
    struct iovec in = {buf, sizeof buf}, out = vector("CANARY-pwritev");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), other = memfd_create("secret", MFD_CLOEXEC);
    check("pwritev", pwritev(fd, &out, 1, 0) > 0 ? preadv(fd, &in, 1, 0) : -1);
    out = vector("CANARY-2pwritev");
    check("2pwritev", pwritev2(fd, &out, 1, 0, 0) > 0 ? preadv2(fd, &in, 1, 0, 0) : -1);
    out = vector("CANARY-seeked");
    lseek(fd, 0, SEEK_SET);
    check("seeked", writev(fd, &out, 1) > 0 && lseek(fd, 0, SEEK_SET) == 0 ? readv(fd, &in, 1) : -1);
    off_t at = 0, to = 0;
    check("seeked", sendfile(other, fd, &at, 13) == 13 ? pread(other, buf, sizeof buf, 0) : -1);
    at = 0;
    ssize_t moved = copy_file_range(fd, &at, other, &to, 13, 0);
    check("seeked", moved == 13 || errno == EXDEV || errno == EINVAL ? pread(other, buf, sizeof buf, 0) : -1);
    check("raw", syscall(SYS_pwrite64, fd, "CANARY-raw", 10, 0) == 10 ? syscall(SYS_pread64, fd, buf, sizeof buf, 0) : -1);
    close(fd);
    close(other);
    unlink(path);
}

static void pipes(void)
{
    int first[2], second[2];
    struct iovec out = vector("CANARY-vmsplice");
    if (pipe(first) || pipe2(second, O_CLOEXEC))
        exit(1);
    check("vmsplice", vmsplice(first[1], &out, 1, 0) > 0 ? read(first[0], buf, sizeof buf) : -1);
    if (write(first[1], "CANARY-tee", 10) == 10)
        check("tee", tee(first[0], second[1], 10, 0) == 10 ? read(second[0], buf, sizeof buf) : -1);
    check("tee", splice(first[0], NULL, second[1], NULL, 10, 0) == 10 ? read(second[0], buf, sizeof buf) : -1);
    if (dprintf(first[1], "CANARY-%s", "dprintf") > 0)
        check("dprintf", read(first[0], buf, sizeof buf));
    FILE *stream = fdopen(first[0], "r");
    char *line = NULL;
    size_t size = 0;
    dprintf(first[1], "CANARY-getline\n");
    ssize_t len = getline(&line, &size, stream);
    snprintf(buf, sizeof buf, "%s", line ? line : "");
    check("getline", len);
    free(line);
    fclose(stream);
    close(first[1]), close(second[0]), close(second[1]);
}

/* Bytes, control data of a descriptor and of credentials, and an address that is one. */
static void messages(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
        exit(1);
    struct iovec out[2] = {vector("CANARY-sendmmsg"), vector("CANARY-second")}, in[2] = {{buf, 100}, {buf + 100, 100}};
    struct mmsghdr sent[2] = {{.msg_hdr = {.msg_iov = &out[0], .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &out[1], .msg_iovlen = 1}}};
    struct mmsghdr got[2] = {{.msg_hdr = {.msg_iov = &in[0], .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &in[1], .msg_iovlen = 1}}};
    bool whole = sendmmsg(pair[0], sent, 2, 0) == 2 && recvmmsg(pair[1], got, 2, 0, NULL) == 2;
    bool second = whole && memcmp(buf + 100, "CANARY-second", 13) == 0;
    check(second ? "sendmmsg" : "second", whole ? 200 : -1);
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control = {0};
    struct iovec one = vector("CANARY-control"), into = {buf, sizeof buf};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    int passed = memfd_create("passed", MFD_CLOEXEC), received = -1;
    if (pwrite(passed, "CANARY-passed", 13, 0) != 13)
        exit(1);
    memcpy(CMSG_DATA(head), &passed, sizeof passed);
    ssize_t len = sendmsg(pair[0], &message, 0);
    message.msg_iov = &into;
    check("control", len > 0 ? recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) : -1);
    if ((head = CMSG_FIRSTHDR(&message)))
        memcpy(&received, CMSG_DATA(head), sizeof received);
    check("passed", pread(received, buf, sizeof buf, 0));
    close(passed), close(received);
    setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, "CANARY-setsockopt", 17); /* refused: its words stay ours */
    ioctl(pair[0], 0x5424, "CANARY-ioctl");
    close(pair[0]), close(pair[1]);
    struct {
        long type;
        char text[MOST];
    } letter = {1, "CANARY-msgsnd"};
    int queue = msgget(IPC_PRIVATE, 0600);
    bool queued = queue >= 0 && msgsnd(queue, &letter, 14, 0) == 0 && msgrcv(queue, &letter, MOST, 0, 0) == 14;
    memcpy(buf, letter.text, 14);
    check("msgsnd", queued ? 14 : -1);
    msgctl(queue, IPC_RMID, NULL);
}

/* A question to a resolver is no name of a host when it is bytes of the program's making, and a service is none at all. */
static void lookups(void)
{
    unsigned char answer[MOST];
    struct addrinfo *found = NULL, hints = {.ai_flags = AI_NUMERICHOST};
    if (getaddrinfo("127.0.0.1", "CANARY-service", &hints, &found) == 0)
        freeaddrinfo(found);
    unsigned char question[64] = "CANARY-question";
    res_init();
    _res.retrans = 1, _res.retry = 1, _res.nscount = 1;
    _res.nsaddr_list[0] = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}; /* nobody answers there */
    res_send(question, 16, answer, sizeof answer);
}

static pid_t child(int kind, char **argv, char **environment)
{
    pid_t pid = -1;
    if (kind == 0)
        return posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environment) == 0 ? pid : -1;
    pid = kind == 1 ? vfork() : fork();
    if (pid == 0) {
        if (kind == 3)
            execle("/bin/true", "true", argv[1], (char *)NULL, environment);
        kind == 1 ? execve("/bin/true", argv, environment) : execvpe("true", argv, environment);
        _exit(1);
    }
    return pid;
}

/* What libstrong finds in them (LD_PRELOAD, STRONG_*) goes on to the child; the rest is the child's. */
static void children(void)
{
    char *argv[] = {"true", "CANARY-argument", NULL}, *environment[64] = {"SECRET=CANARY-envp"};
    extern char **environ;
    unsigned count = 1, good = 0;
    for (char **at = environ; *at && count < 62; at++)
        if (strncmp(*at, "LD_PRELOAD=", 11) == 0 || strncmp(*at, "STRONG_", 7) == 0)
            environment[count++] = *at;
    for (int kind = 0; kind < 4; kind++) {
        int status = -1;
        pid_t pid = child(kind, argv, environment);
        good += pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    }
    good += system("SECRET=CANARY-system true CANARY-system") == 0;
    FILE *stream = popen("echo CANARY-popen", "r");
    check("popen", stream && fgets(buf, sizeof buf, stream) ? (ssize_t)strlen(buf) : -1);
    if (stream)
        pclose(stream);
    printf("%u children\n", good);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    file(argv[1]);
    pipes();
    messages();
    lookups();
    fflush(stdout);
    children();
    printf("%u through, %u missed\n", through, missed);
    return 0;
}
