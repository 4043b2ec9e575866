/* Answers evdev's questions for keys (EVIOCGBIT, EVIOCGKEY) in the kernel's place, for any open file: the keys that
 * EVDEV_KEYS and EVDEV_DOWN list ("2-11,28"). Without EVDEV_KEYS the file is no input device. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/input.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int fill(const char *list, unsigned char *bits, size_t size)
{
    if (!list) {
        errno = ENOTTY;
        return -1;
    }
    memset(bits, 0, size);
    while (*list) {
        char *end;
        unsigned long first = strtoul(list, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (unsigned long key = first; key <= last && key / 8 < size; key++)
            bits[key / 8] |= (unsigned char)(1 << key % 8);
        list = *end == ',' ? end + 1 : end;
    }
    return (int)size;
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, void *);
    va_list rest;
    va_start(rest, request);
    void *out = va_arg(rest, void *);
    va_end(rest);
    if (_IOC_TYPE(request) == 'E' && _IOC_NR(request) == 0x20 + EV_KEY)
        return fill(getenv("EVDEV_KEYS"), out, _IOC_SIZE(request));
    if (_IOC_TYPE(request) == 'E' && _IOC_NR(request) == 0x18)
        return fill(getenv("EVDEV_DOWN"), out, _IOC_SIZE(request));
    if (!real)
        real = (int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, out);
}
