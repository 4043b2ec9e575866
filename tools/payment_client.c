/* A payment application's side of host.sock in C: hello, busy, one exchange, its diagnosis, idle. It fails open.
 *
 *     cc -std=c11 -O2 -Wall -Wextra -o payment_client tools/payment_client.c
 *     ./payment_client /run/posmedic/host.sock REQUEST_HEX RESPONSE_HEX verified
 *
 * Copy what you need into your application. The rules that matter:
 *  - one JSON object a line; the first message is hello (catalogue/host_socket.schema.json describes every message);
 *  - never wait longer than your own deadline, and go on as if nobody were there when it is over: a sale does not
 *    depend on this socket;
 *  - say busy before a sale and idle after it, with the number of unsent offline payments;
 *  - hand over frames as plain hex; the service wipes them, and so should you.
 *
 * Exit code: 0 a diagnosis came, 3 none came in time (the sale goes on all the same), 2 wrong use.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MOST_LINE 262144
#define DEADLINE_MS 2000

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Send one line before the deadline; 0 if it did not go out whole. */
static int say(int fd, const char *line, size_t size, long until_ms)
{
    while (size > 0) {
        struct pollfd ready = {fd, POLLOUT, 0};
        long left = until_ms - now_ms();
        if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
            return 0;
        ssize_t sent = send(fd, line, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return 0;
        if (sent > 0) {
            line += sent;
            size -= (size_t)sent;
        }
    }
    return 1;
}

static int say_text(int fd, const char *line, long until_ms)
{
    return say(fd, line, strlen(line), until_ms);
}

/* Read lines until one holds `wanted`; it stands in `line`. 0 when the deadline is over or the service is gone. */
static int wait_for(int fd, const char *wanted, char *line, long until_ms)
{
    static char buffer[MOST_LINE];
    static size_t held;
    for (;;) {
        char *end = memchr(buffer, '\n', held);
        if (end) {
            size_t size = (size_t)(end - buffer) + 1;
            *end = 0;
            memcpy(line, buffer, size);
            memmove(buffer, buffer + size, held - size);
            held -= size;
            if (strstr(line, wanted))
                return 1;
            continue;
        }
        struct pollfd ready = {fd, POLLIN, 0};
        long left = until_ms - now_ms();
        if (held == sizeof buffer || left <= 0 || poll(&ready, 1, (int)left) <= 0)
            return 0;
        ssize_t got = recv(fd, buffer + held, sizeof buffer - held, 0);
        if (got <= 0)
            return 0;
        held += (size_t)got;
    }
}

/* The text behind "key": in a flat JSON object; enough for what this example shows, no JSON parser. */
static void show(const char *json, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    const char *from = strstr(json, quoted);
    if (!from) {
        snprintf(quoted, sizeof quoted, "\"%s\": \"", key);
        from = strstr(json, quoted);
    }
    if (from) {
        from += strlen(quoted);
        printf("%s=%.*s\n", key, (int)strcspn(from, "\""), from);
    }
}

int main(int count, char **words)
{
    static char line[MOST_LINE], message[MOST_LINE];
    if (count != 5 || strspn(words[2], "0123456789abcdefABCDEF") != strlen(words[2]) ||
        strspn(words[3], "0123456789abcdefABCDEF") != strlen(words[3])) {
        fprintf(stderr, "use: payment_client SOCKET REQUEST_HEX RESPONSE_HEX verified|bad|absent\n");
        return 2;
    }
    int size = snprintf(message, sizeof message,
                        "{\"v\":1,\"type\":\"exchange\",\"id\":\"1\",\"request\":\"%s\",\"response\":\"%s\",\"mac\":\"%s\","
                        "\"entry_mode\":\"chip\"}\n",
                        words[2], words[3], words[4]);
    if (size < 0 || (size_t)size >= sizeof message) {
        fprintf(stderr, "payment_client: the frames are too long for one message\n");
        return 2;
    }
    long until = now_ms() + DEADLINE_MS;
    int fd = open_socket(words[1]);
    int told = fd >= 0;
    told = told && say_text(fd, "{\"v\":1,\"type\":\"hello\",\"application\":\"c-example\",\"version\":\"1.0\","
                                "\"host\":\"unionpay\",\"can\":[\"offline_count\"]}\n", until);
    told = told && wait_for(fd, "\"welcome\"", line, until);
    told = told && say_text(fd, "{\"v\":1,\"type\":\"busy\"}\n", until);
    told = told && say(fd, message, (size_t)size, until);
    memset(message, 0, sizeof message);
    told = told && wait_for(fd, "\"diagnosis\"", line, until);
    if (told) {
        show(line, "code");
        show(line, "verdict");
        show(line, "addressee");
        show(line, "retry");
        show(line, "short_code");
    } else {
        printf("no diagnosis in time: the sale goes on without it\n");
    }
    if (fd >= 0) {
        say_text(fd, "{\"v\":1,\"type\":\"idle\",\"pending_offline\":0}\n", now_ms() + 200);
        close(fd);
    }
    return told ? 0 : 3;
}
