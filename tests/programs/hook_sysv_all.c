/* hook_sysv_all.c: every System V hook, success and failure; prints results and errno, nothing that varies.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <time.h>

struct message {
    long type;
    char text[16];
};

static void show(const char *what, long ret)
{
    printf("%s: %ld %s\n", what, ret, ret == -1 ? strerrorname_np(errno) : "-");
}

static void semaphores(void)
{
    int set = semget(IPC_PRIVATE, 1, 0600);
    struct sembuf up = {0, 2, 0}, down = {0, -1, 0}, at_once = {0, -5, IPC_NOWAIT}, long_wait = {0, -5, 0};
    struct timespec soon = {0, 20000000};
    show("semop up", semop(set, &up, 1));
    show("semop down", semop(set, &down, 1));
    show("semop at once", semop(set, &at_once, 1));
    show("semtimedop down", semtimedop(set, &down, 1, &soon));
    show("semtimedop in vain", semtimedop(set, &long_wait, 1, &soon));
    show("semop bad pointer", semop(set, (struct sembuf *)8, 1));
    show("semctl remove", semctl(set, 0, IPC_RMID));
    show("semop removed", semop(set, &up, 1));
}

static void queues(void)
{
    int queue = msgget(IPC_PRIVATE, 0600);
    struct message message = {7, "hello"};
    show("msgsnd", msgsnd(queue, &message, 6, 0));
    memset(&message, 0, sizeof message);
    show("msgrcv", msgrcv(queue, &message, sizeof message.text, 7, 0));
    printf("%ld %s\n", message.type, message.text);
    show("msgrcv empty", msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT));
    show("msgsnd bad type", msgsnd(queue, &(struct message){0, ""}, 1, 0));
    show("msgctl remove", msgctl(queue, IPC_RMID, NULL));
    show("msgrcv removed", msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT));
}

int main(void)
{
    semaphores();
    queues();
    return 0;
}
