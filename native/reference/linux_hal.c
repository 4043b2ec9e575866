/* A hardware library for generic Linux terminals: power_supply, evdev, LEDs and a tamper line, as the kernel shows them.
 *
 *     cc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared -I native -o libposmedic_hal.so native/reference/linux_hal.c
 *
 * What the kernel cannot name by itself stands in /etc/posmedic/hal.conf, one `key = value` a line:
 *
 *     tamper = /sys/class/gpio/gpio17/value      a file that reads 1 when the latch is set (0 with tamper_low = 1)
 *     leds = pos:green:ready pos:red:error       names below /sys/class/leds that may be lit for a test
 *
 * Sources: Linux Documentation/ABI/testing/sysfs-class-power, sysfs-class-led, Documentation/input/input.rst.
 * POSMEDIC_HAL_ROOT goes before every path, so that the library can be tried on a folder instead of a machine.
 */
#define _POSIX_C_SOURCE 200809L
#include "posmedic_hal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MOST_PATH 512
#define MOST_DEVICES 32
#define EXPORTED __attribute__((visibility("default")))

static int make_path(char *path, const char *format, const char *first, const char *second)
{
    const char *root = getenv("POSMEDIC_HAL_ROOT");
    char rest[MOST_PATH];
    if (snprintf(rest, sizeof rest, format, first, second) >= (int)sizeof rest)
        return 0;
    return snprintf(path, MOST_PATH, "%s%s", root ? root : "", rest) < MOST_PATH;
}

/* The file's first line without its end; 0 where there is none. */
static int read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    int found = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (found)
        line[strcspn(line, "\r\n")] = 0;
    return found;
}

static int32_t read_number(const char *folder, const char *name, int32_t divisor)
{
    char path[MOST_PATH], line[64], *end;
    if (!make_path(path, "%s/%s", folder, name) || !read_line(path, line, sizeof line))
        return POSMEDIC_UNKNOWN;
    long value = strtol(line, &end, 10);
    return end == line || *end ? POSMEDIC_UNKNOWN : (int32_t)(value / divisor);
}

/* The value of a key in hal.conf; 0 where it is not set. */
static int read_setting(const char *key, char *value, size_t size)
{
    char path[MOST_PATH], line[MOST_PATH];
    if (!make_path(path, "%s%s", "/etc/posmedic", "/hal.conf"))
        return 0;
    FILE *file = fopen(path, "r");
    int found = 0;
    while (file && !found && fgets(line, sizeof line, file)) {
        char *equals = strchr(line, '=');
        size_t length = strcspn(line, " \t=");
        if (!equals || length != strlen(key) || strncmp(line, key, length) != 0)
            continue;
        equals += 1 + strspn(equals + 1, " \t");
        equals[strcspn(equals, "\r\n#")] = 0;
        for (char *last = equals + strlen(equals); last > equals && (last[-1] == ' ' || last[-1] == '\t'); last--)
            last[-1] = 0;
        found = (size_t)snprintf(value, size, "%s", equals) < size;
    }
    if (file)
        fclose(file);
    return found;
}

static void read_name(const char *path, char *name, size_t size)
{
    char full[MOST_PATH];
    if (make_path(full, "%s%s", path, "") && !read_line(full, name, size))
        name[0] = 0;
    name[size - 1] = 0;
}

static int32_t read_identity(posmedic_identity *out)
{
    read_name("/proc/device-tree/model", out->model, sizeof out->model);
    read_name("/proc/device-tree/serial-number", out->serial_number, sizeof out->serial_number);
    if (!out->model[0]) { /* no device tree: a PC-like board */
        read_name("/sys/class/dmi/id/sys_vendor", out->vendor, sizeof out->vendor);
        read_name("/sys/class/dmi/id/product_name", out->model, sizeof out->model);
        read_name("/sys/class/dmi/id/product_serial", out->serial_number, sizeof out->serial_number);
        read_name("/sys/class/dmi/id/bios_version", out->firmware, sizeof out->firmware);
    }
    return out->model[0] ? POSMEDIC_OK : POSMEDIC_NOT_SUPPORTED;
}

static void read_supply(const char *folder, posmedic_battery *out)
{
    char path[MOST_PATH], line[64];
    if (!make_path(path, "%s/%s", folder, "type") || !read_line(path, line, sizeof line))
        return;
    if (strcmp(line, "Battery") != 0) {
        int32_t online = read_number(folder, "online", 1);
        if (online == 1 || out->external_power == POSMEDIC_UNKNOWN)
            out->external_power = online < 0 ? POSMEDIC_UNKNOWN : online != 0;
        return;
    }
    out->fitted = read_number(folder, "present", 1) != 0;
    out->level_percent = read_number(folder, "capacity", 1);
    out->voltage_mv = read_number(folder, "voltage_now", 1000);
    out->temperature_dc = read_number(folder, "temp", 1);
    out->cycles = read_number(folder, "cycle_count", 1);
    if (make_path(path, "%s/%s", folder, "status") && read_line(path, line, sizeof line))
        out->charging = strcmp(line, "Charging") == 0;
}

static int32_t read_battery(posmedic_battery *out)
{
    char path[MOST_PATH], folder[MOST_PATH];
    if (!make_path(path, "%s%s", "/sys/class/power_supply", ""))
        return POSMEDIC_FAILED;
    DIR *supplies = opendir(path);
    if (!supplies)
        return POSMEDIC_NOT_SUPPORTED;
    int found = 0;
    for (struct dirent *entry; (entry = readdir(supplies)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(folder, sizeof folder, "/sys/class/power_supply/%s", entry->d_name) >= (int)sizeof folder)
            continue;
        read_supply(folder, out);
        found = 1;
    }
    closedir(supplies);
    if (found && out->fitted == POSMEDIC_UNKNOWN)
        out->fitted = 0;
    return found ? POSMEDIC_OK : POSMEDIC_NOT_FITTED;
}

static int32_t read_tamper(posmedic_tamper *out)
{
    char file[MOST_PATH], path[MOST_PATH], line[16], low[8];
    if (!read_setting("tamper", file, sizeof file))
        return POSMEDIC_NOT_SUPPORTED;
    if (!make_path(path, "%s%s", file, "") || !read_line(path, line, sizeof line))
        return POSMEDIC_NO_ANSWER;
    if (strcmp(line, "0") != 0 && strcmp(line, "1") != 0)
        return POSMEDIC_FAILED;
    int inverted = read_setting("tamper_low", low, sizeof low) && strcmp(low, "1") == 0;
    out->triggered = (line[0] == '1') != inverted;
    return POSMEDIC_OK;
}

static int count_bits(const unsigned char *bits, int from, int to)
{
    int count = 0;
    for (int bit = from; bit <= to; bit++)
        count += bits[bit / 8] >> (bit % 8) & 1;
    return count;
}

/* A device with digits is the keypad; buttons of the case and touch panels are not. */
static int32_t read_keypad(posmedic_keypad *out)
{
    char number[8], path[MOST_PATH];
    for (int device = 0; device < MOST_DEVICES; device++) {
        snprintf(number, sizeof number, "%d", device);
        if (!make_path(path, "/dev/input/event%s%s", number, ""))
            continue;
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        unsigned char has[KEY_CNT / 8 + 1] = {0}, pressed[KEY_CNT / 8 + 1] = {0};
        int answered = ioctl(fd, EVIOCGBIT(EV_KEY, sizeof has), has) >= 0;
        answered = answered && ioctl(fd, EVIOCGKEY(sizeof pressed), pressed) >= 0;
        close(fd);
        if (!answered || count_bits(has, KEY_1, KEY_0) + count_bits(has, KEY_KP7, KEY_KP0) < 10)
            continue;
        out->keys = count_bits(has, 0, KEY_MAX);
        out->pressed = count_bits(pressed, 0, KEY_MAX);
        if (out->size >= sizeof *out) {
            memcpy(out->fitted, has, sizeof out->fitted);
            memcpy(out->down, pressed, sizeof out->down);
        }
        return POSMEDIC_OK;
    }
    return POSMEDIC_NOT_FITTED;
}

static int write_number(const char *folder, const char *name, int32_t value)
{
    char path[MOST_PATH];
    if (!make_path(path, "%s/%s", folder, name))
        return 0;
    FILE *file = fopen(path, "w");
    if (!file)
        return 0;
    int written = fprintf(file, "%d\n", value) > 0;
    return fclose(file) == 0 && written;
}

static int32_t light_and_beep(uint32_t duration_ms)
{
    char names[MOST_PATH], folders[8][MOST_PATH];
    int32_t before[8];
    int lit = 0;
    if (!read_setting("leds", names, sizeof names))
        return POSMEDIC_NOT_SUPPORTED;
    for (char *rest = names, *name; lit < 8 && (name = strtok_r(rest, " ", &rest)) != NULL;) {
        if (strchr(name, '/') || snprintf(folders[lit], MOST_PATH, "/sys/class/leds/%s", name) >= MOST_PATH)
            return POSMEDIC_FAILED;
        before[lit] = read_number(folders[lit], "brightness", 1);
        int32_t most = read_number(folders[lit], "max_brightness", 1);
        if (before[lit] < 0 || most < 1 || !write_number(folders[lit], "brightness", most))
            return POSMEDIC_NO_ANSWER;
        lit++;
    }
    struct timespec wait = {duration_ms / 1000, (long)(duration_ms % 1000) * 1000000};
    while (nanosleep(&wait, &wait) < 0 && errno == EINTR) {
    }
    for (int number = 0; number < lit; number++)
        write_number(folders[number], "brightness", before[number]);
    return lit ? POSMEDIC_OK : POSMEDIC_NOT_FITTED;
}

EXPORTED const posmedic_hal *posmedic_hal_open(uint32_t version)
{
    static const posmedic_hal table = {
        .size = sizeof(posmedic_hal),
        .version = POSMEDIC_HAL_VERSION,
        .read_identity = read_identity,
        .read_battery = read_battery,
        .read_tamper = read_tamper,
        .read_keypad = read_keypad,
        .light_and_beep = light_and_beep,
    };
    return version >= POSMEDIC_HAL_VERSION ? &table : NULL;
}
