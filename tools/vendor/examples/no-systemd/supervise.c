/* A supervisor for terminals without systemd: supervise MILLISECONDS PROGRAM [WORD]...
 *
 * Runs the program, hears its readiness and watchdog messages on NOTIFY_SOCKET (sd_notify(3), sd_watchdog_enabled(3)),
 * kills it with SIGKILL when none came for MILLISECONDS, and starts it again whenever it ends, after a second at the
 * earliest. SIGTERM ends both. A line on standard error tells of each start, readiness,
 * end and kill.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 60000 /* TimeoutStartSec of posmedic.service */
#define AGAIN_MS 1000  /* RestartSec */
#define MESSAGES 64

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void fail(const char *what) {
    fprintf(stderr, "supervise: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* An abstract address: no file to leave behind, none to be taken by another. */
static int listen_socket(char name[64]) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int yes = 1, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(name, 64, "@posmedic-supervise-%ld", (long)getpid());
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + strlen(name)) < 0)
        fail("notification socket");
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0) fail("credentials");
    return fd;
}

static pid_t start(char **words, const char *name, const char *watchdog_ms, const sigset_t *mask) {
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
        char usec[32], own[32];
        snprintf(usec, sizeof usec, "%ld000", atol(watchdog_ms));
        snprintf(own, sizeof own, "%ld", (long)getpid());
        setenv("NOTIFY_SOCKET", name, 1);
        setenv("WATCHDOG_USEC", usec, 1);
        setenv("WATCHDOG_PID", own, 1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0); /* its workers are killed with it */
        sigprocmask(SIG_UNBLOCK, mask, NULL);
        execvp(words[0], words);
        fail(words[0]);
    }
    fprintf(stderr, "supervise: started %ld\n", (long)pid);
    return pid;
}

/* The messages that wait, a handful at a time so that a flood holds nothing up: 1 if the program itself (not a child of it) said that it is ready or alive. */
static int heard(int fd, pid_t pid) {
    int alive = 0;
    for (int number = 0; number < MESSAGES; number++) {
        char text[512], control[CMSG_SPACE(sizeof(struct ucred))];
        struct iovec part = {text, sizeof text - 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t size = recvmsg(fd, &message, 0);
        if (size < 0) return alive;
        text[size] = 0;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        if (head == NULL || head->cmsg_type != SCM_CREDENTIALS) continue;
        struct ucred who;
        memcpy(&who, CMSG_DATA(head), sizeof who);
        if (who.pid == pid && (strstr(text, "READY=1") || strstr(text, "WATCHDOG=1"))) alive = 1;
    }
    return alive;
}

int main(int count, char **words) {
    char name[64];
    sigset_t mask;
    if (count < 3 || atol(words[1]) < 1) {
        fprintf(stderr, "usage: supervise MILLISECONDS PROGRAM [WORD]...\n");
        return 2;
    }
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int told = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK), fd = listen_socket(name);
    for (;;) {
        long began = now_ms(), until = began + START_MS;
        pid_t pid = start(words + 2, name, words[1], &mask);
        int status = 0, ended = 0, ready = 0;
        while (!ended) {
            struct pollfd waits[] = {{fd, POLLIN, 0}, {told, POLLIN, 0}};
            long left = until - now_ms();
            poll(waits, 2, left > 0 ? (int)left : 0);
            if (heard(fd, pid)) {
                if (!ready) fprintf(stderr, "supervise: ready %ld\n", (long)pid);
                ready = 1;
                until = now_ms() + atol(words[1]);
            }
            struct signalfd_siginfo signal;
            while (read(told, &signal, sizeof signal) == sizeof signal)
                if (signal.ssi_signo == SIGTERM) {
                    kill(pid, SIGCONT);
                    kill(pid, SIGTERM);
                    for (int tries = 0; tries < 50 && waitpid(pid, &status, WNOHANG) == 0; tries++) usleep(100000);
                    kill(-pid, SIGKILL);
                    return 0;
                }
            if (now_ms() >= until) {
                fprintf(stderr, "supervise: killed %ld, not heard of\n", (long)pid);
                kill(-pid, SIGKILL);
                until = now_ms() + START_MS;
            }
            ended = waitpid(pid, &status, WNOHANG) == pid;
        }
        kill(-pid, SIGKILL);
        fprintf(stderr, "supervise: ended %ld\n", (long)pid);
        long rest = began + AGAIN_MS - now_ms();
        if (rest > 0) usleep((useconds_t)rest * 1000);
    }
}
