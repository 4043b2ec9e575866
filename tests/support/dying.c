/* Preloaded into a process that must die in the middle of its writing: counts every call that changes a file, and ends
 * the process with SIGKILL at the one it was armed for: before it, or after half of its bytes.
 *
 * Armed by dying_arm(), or from outside by DYING_AT, DYING_HOW (before, half) and DYING_UNDER: then only calls on files
 * below that folder count, children count on from where they were forked, and the process that forked them dies too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { BEFORE, HALF };

static long armed, seen;
static int how;
static const char *under;
static pid_t loaded;

__attribute__((constructor)) static void arm_from_outside(void)
{
    const char *at = getenv("DYING_AT"), *mode = getenv("DYING_HOW");

    under = getenv("DYING_UNDER");
    loaded = getpid();
    armed = at ? atol(at) : 0;
    how = mode && !strcmp(mode, "half") ? HALF : BEFORE;
}

void dying_arm(long at, int mode)
{
    armed = at;
    how = mode;
    seen = 0;
}

long dying_seen(void)
{
    return seen;
}

static int now(const char *path)
{
    if (under && strncmp(path, under, strlen(under)))
        return 0;
    return ++seen == armed;
}

static int now_at(int fd)
{
    char link[64], path[4096] = "";

    if (under) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(link, path, sizeof path - 1);
        path[size > 0 ? size : 0] = 0;
    }
    return now(path);
}

static void die(void)
{
    if (under)
        kill(loaded, SIGKILL);
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

#define NEXT(name) __typeof__(name) *name##_next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define POSITIONED(name, offset)                                             \
    ssize_t name(int fd, const void *data, size_t size, offset at)           \
    {                                                                        \
        NEXT(name);                                                          \
        int dies = now_at(fd);                                                    \
        if (dies && how == BEFORE)                                           \
            die();                                                           \
        ssize_t done = name##_next(fd, data, dies && how == HALF ? size / 2 : size, at); \
        if (dies)                                                            \
            die();                                                           \
        return done;                                                         \
    }

POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size)
{
    NEXT(write);
    int dies = now_at(fd);
    if (dies && how == BEFORE)
        die();
    ssize_t done = write_next(fd, data, dies && how == HALF ? size / 2 : size);
    if (dies)
        die();
    return done;
}

#define WHOLE(name, parameters, words, due)        \
    int name parameters                            \
    {                                              \
        NEXT(name);                                \
        if (due)                                   \
            die();                                 \
        return name##_next words;                  \
    }

WHOLE(fsync, (int fd), (fd), now_at(fd))
WHOLE(fdatasync, (int fd), (fd), now_at(fd))
WHOLE(ftruncate, (int fd, off_t size), (fd, size), now_at(fd))
WHOLE(ftruncate64, (int fd, off64_t size), (fd, size), now_at(fd))
WHOLE(rename, (const char *from, const char *to), (from, to), now(to))
WHOLE(unlink, (const char *path), (path), now(path))
