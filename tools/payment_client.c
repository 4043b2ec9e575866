/* A payment application's side of host.sock in C: hello, busy, one exchange, its diagnosis, idle, and a host echo when
 * the service asks for one. It fails open. C11 and POSIX only.
 *
 *     cc -std=c11 -O2 -Wall -Wextra -o payment_client payment_client.c
 *     ./payment_client /run/posmedic/host.sock REQUEST_HEX RESPONSE_HEX verified
 *     ./payment_client /run/posmedic/host.sock REQUEST_HEX RESPONSE_HEX verified 60 85
 *
 * The last two words are for trying it out: stay for 60 s to be asked, and say that a host echo took 85 ms. Without them
 * no echo is offered.
 *
 * Copy what you need into your application. The rules that matter:
 *  - one JSON object a line; the first message is hello (host_socket.schema.json describes every message);
 *  - never wait longer than your own deadline, not even for the connection, and go on as if nobody were there when it is
 *    over: a sale does not depend on this socket. A line that you do not understand is passed over;
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
#ifndef DEADLINE_MS
#define DEADLINE_MS 2000
#endif
#define IDLE_MS 200

static int echo_ms; /* what your own 0800 would have measured; 0: none is offered */

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* Never blocks: a service that hangs has a full queue of connections, and connect() would wait for ever. */
static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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
        ssize_t sent = send(fd, line, size, MSG_NOSIGNAL);
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

/* Read one whole line into `line`; 0 when the deadline is over, the service is gone, or a line has no end. */
static int read_line(int fd, char *line, long until_ms)
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
            return 1;
        }
        struct pollfd ready = {fd, POLLIN, 0};
        long left = until_ms - now_ms();
        if (held == sizeof buffer || left <= 0 || poll(&ready, 1, (int)left) <= 0)
            return 0;
        ssize_t got = recv(fd, buffer + held, sizeof buffer - held, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            return 0;
        held += (size_t)got;
    }
}

/* The text behind "key" in a flat JSON object, as far as `room` goes; 0 without one. Enough here, no JSON parser. */
static int text_of(const char *json, const char *key, char *text, size_t room)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *from = strstr(json, quoted);
    if (!from)
        return 0;
    from += strlen(quoted);
    from += strspn(from, " \t");
    if (*from++ != ':')
        return 0;
    from += strspn(from, " \t");
    if (*from++ != '"')
        return 0;
    snprintf(text, room, "%.*s", (int)strcspn(from, "\""), from);
    return 1;
}

static int is_type(const char *line, const char *type)
{
    char found[32];
    return line[0] == '{' && text_of(line, "type", found, sizeof found) && strcmp(found, type) == 0;
}

/* The service asks for a host echo: here your application sends its own 0800 and takes the time. */
static void answer_echo(int fd, const char *line)
{
    char id[65], answer[160];
    if (!text_of(line, "id", id, sizeof id) || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(id))
        return;
    snprintf(answer, sizeof answer, "{\"v\":1,\"type\":\"echo_result\",\"id\":\"%s\",\"ok\":true,\"rtt_ms\":%d}\n", id,
             echo_ms);
    say_text(fd, answer, now_ms() + IDLE_MS);
}

/* Of this exchange, and with a verdict: what is late or makes no sense is passed over. */
static int is_ours(const char *line)
{
    char id[8], verdict[64];
    return text_of(line, "id", id, sizeof id) && strcmp(id, "1") == 0 &&
           text_of(line, "verdict", verdict, sizeof verdict);
}

static int wait_for(int fd, const char *type, char *line, long until_ms)
{
    while (read_line(fd, line, until_ms)) {
        if (is_type(line, type) && is_ours(line))
            return 1;
        if (echo_ms > 0 && is_type(line, "echo"))
            answer_echo(fd, line);
    }
    return 0;
}

static void show(const char *json, const char *key)
{
    char text[256];
    if (text_of(json, key, text, sizeof text))
        printf("%s=%s\n", key, text);
}

static int is_hex(const char *word)
{
    return strspn(word, "0123456789abcdefABCDEF") == strlen(word);
}

int main(int count, char **words)
{
    static char line[MOST_LINE], message[MOST_LINE];
    if ((count != 5 && count != 7) || !is_hex(words[2]) || !is_hex(words[3])) {
        fprintf(stderr, "use: payment_client SOCKET REQUEST_HEX RESPONSE_HEX verified|bad|absent [STAY_S ECHO_MS]\n");
        return 2;
    }
    echo_ms = count == 7 ? atoi(words[6]) : 0;
    int size = snprintf(message, sizeof message,
                        "{\"v\":1,\"type\":\"exchange\",\"id\":\"1\",\"request\":\"%s\",\"response\":\"%s\",\"mac\":\"%s\","
                        "\"entry_mode\":\"chip\"}\n",
                        words[2], words[3], words[4]);
    if (size < 0 || (size_t)size >= sizeof message) {
        fprintf(stderr, "payment_client: the frames are too long for one message\n");
        return 2;
    }
    const char *hello = echo_ms > 0 ? "{\"v\":1,\"type\":\"hello\",\"application\":\"c-example\",\"version\":\"1.0\","
                                      "\"host\":\"unionpay\",\"can\":[\"offline_count\",\"echo\"]}\n"
                                    : "{\"v\":1,\"type\":\"hello\",\"application\":\"c-example\",\"version\":\"1.0\","
                                      "\"host\":\"unionpay\",\"can\":[\"offline_count\"]}\n";
    long until = now_ms() + DEADLINE_MS;
    int fd = open_socket(words[1]);
    int told = fd >= 0;
    told = told && say_text(fd, hello, until) && say_text(fd, "{\"v\":1,\"type\":\"busy\"}\n", until);
    told = told && say(fd, message, (size_t)size, until); /* nothing is waited for before this: a sale runs */
    memset(message, 0, sizeof message);
    told = told && wait_for(fd, "diagnosis", line, until);
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
        say_text(fd, "{\"v\":1,\"type\":\"idle\",\"pending_offline\":0}\n", now_ms() + IDLE_MS);
        if (count == 7)
            wait_for(fd, "(nothing ends this)", line, now_ms() + 1000L * atoi(words[5]));
        close(fd);
    }
    return told ? 0 : 3;
}
