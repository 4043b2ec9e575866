/* Preloaded into a process that must die in the middle of its writing: counts every call that changes a file, and ends
 * the process with SIGKILL at the one it was armed for: before it, or after half of its bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

enum { BEFORE, HALF };

static long armed, seen;
static int how;

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

static int now(void)
{
    return ++seen == armed;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

#define NEXT(name) __typeof__(name) *name##_next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define POSITIONED(name, offset)                                             \
    ssize_t name(int fd, const void *data, size_t size, offset at)           \
    {                                                                        \
        NEXT(name);                                                          \
        int dies = now();                                                    \
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
    int dies = now();
    if (dies && how == BEFORE)
        die();
    ssize_t done = write_next(fd, data, dies && how == HALF ? size / 2 : size);
    if (dies)
        die();
    return done;
}

#define WHOLE(name, parameters, words)             \
    int name parameters                            \
    {                                              \
        NEXT(name);                                \
        if (now())                                 \
            die();                                 \
        return name##_next words;                  \
    }

WHOLE(fsync, (int fd), (fd))
WHOLE(fdatasync, (int fd), (fd))
WHOLE(ftruncate, (int fd, off_t size), (fd, size))
WHOLE(ftruncate64, (int fd, off64_t size), (fd, size))
WHOLE(rename, (const char *from, const char *to), (from, to))
WHOLE(unlink, (const char *path), (path))
