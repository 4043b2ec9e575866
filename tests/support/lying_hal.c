/* A hardware library with every bad habit. LYING_HAL names the habit, or else the file that LYING_HAL_FILE names;
 * without both all is well. "battery:crash" is the habit of that part alone. */
#define _POSIX_C_SOURCE 200809L
#include "posmedic_hal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *asked = "";

static int habit(const char *name)
{
    char told[64] = "";
    const char *wanted = getenv("LYING_HAL"), *path = getenv("LYING_HAL_FILE"), *colon;
    FILE *file = !wanted && path ? fopen(path, "r") : NULL;
    if (file) {
        if (fgets(told, sizeof told, file))
            wanted = told;
        fclose(file);
    }
    colon = wanted ? strchr(wanted, ':') : NULL;
    if (colon && (strlen(asked) != (size_t)(colon - wanted) || strncmp(asked, wanted, strlen(asked)) != 0))
        return 0;
    return wanted && strcmp(colon ? colon + 1 : wanted, name) == 0;
}

/* What every function does first; a result other than OK is returned at once. */
static int32_t misbehave(const char *part)
{
    asked = part;
    if (habit("hang"))
        for (;;)
            pause();
    if (habit("spin"))
        for (volatile int round = 0;; round++) {
        }
    if (habit("crash")) {
        volatile int *nowhere = NULL;
        *nowhere = 1;
    }
    if (habit("abort"))
        abort();
    if (habit("exit"))
        _exit(0);
    if (habit("babble"))
        for (int line = 0; line < 20000; line++)
            if (write(1, "{\"id\": \"battery.level\", \"outcome\": \"pass\"}\n", 43) < 0)
                break;
    if (habit("slow")) {
        struct timespec wait = {0, 300000000};
        nanosleep(&wait, NULL);
    }
    return habit("absent")       ? POSMEDIC_NOT_FITTED
           : habit("untold")     ? POSMEDIC_NOT_SUPPORTED
           : habit("busy")       ? POSMEDIC_BUSY
           : habit("no_answer")  ? POSMEDIC_NO_ANSWER
           : habit("cannot")     ? POSMEDIC_FAILED
           : habit("result_99")  ? 99
                                 : POSMEDIC_OK;
}

static int32_t read_identity(posmedic_identity *out)
{
    int32_t verdict = misbehave("identity");
    strcpy(out->vendor, "Test");
    strcpy(out->model, habit("not_utf8") ? "\xff\xfe" : habit("control") ? "a\tb" : "Terminal 1");
    strcpy(out->serial_number, "SN-0001");
    if (habit("endless_text") || habit("nonsense"))
        memset(out->firmware, 'x', sizeof out->firmware);
    return verdict;
}

static int32_t read_reader(posmedic_reader *out)
{
    int32_t verdict = misbehave("reader");
    out->track_reads[0] = 10;
    out->track_reads[1] = habit("negative") ? -5 : 900;
    out->track_errors[1] = 9;
    out->head_cycles = 1000;
    out->chip_inserts = habit("nonsense") ? -7 : 500;
    out->chip_errors = 2;
    return verdict;
}

static int32_t read_printer(posmedic_printer *out)
{
    int32_t verdict = misbehave("printer");
    out->paper = habit("paper_77") ? 77 : POSMEDIC_PAPER_NEAR_END;
    out->cover_open = 0;
    out->overheated = 0;
    out->cutter_fault = 0;
    return verdict;
}

static int32_t read_battery(posmedic_battery *out)
{
    int32_t verdict = misbehave("battery");
    out->fitted = 1;
    out->external_power = 1;
    out->charging = 1;
    out->level_percent = habit("percent_300") || habit("nonsense") ? 300 : 80;
    out->voltage_mv = 3900;
    out->temperature_dc = 251;
    if (habit("overrun"))
        memset(out, 1, sizeof *out + 100);
    return verdict;
}

static int32_t read_tamper(posmedic_tamper *out)
{
    int32_t verdict = misbehave("tamper");
    out->triggered = habit("nonsense") ? -1 : habit("tampered");
    out->events = 0;
    return verdict;
}

static int32_t read_contactless(posmedic_contactless *out)
{
    int32_t verdict = misbehave("contactless");
    out->answers = habit("nonsense") ? 7 : 1;
    out->field_on = 0;
    out->taps = 3 + (habit("tapped") || habit("tapped_badly"));
    out->errors = habit("tapped_badly");
    return verdict;
}

static int32_t read_keypad(posmedic_keypad *out)
{
    int32_t verdict = misbehave("keypad");
    out->keys = habit("nonsense") ? 70000 : 16;
    out->pressed = habit("stuck_key") ? 1 : 0;
    for (int key = 2; key < 18; key++)
        out->fitted[key / 8] |= (uint8_t)(1 << key % 8);
    if (habit("typed") || habit("typed_but_5")) /* as if all were pressed at once */
        memcpy(out->down, out->fitted, sizeof out->down);
    if (habit("typed_but_5"))
        out->down[0] &= (uint8_t)~(1 << 6);
    return verdict;
}

static int32_t light_and_beep(uint32_t duration_ms)
{
    int32_t verdict = misbehave("indicator");
    return duration_ms ? verdict : POSMEDIC_FAILED;
}

const posmedic_hal *posmedic_hal_open(uint32_t version)
{
    static posmedic_hal table;
    table = (posmedic_hal){ /* anew: a test may load it once and open it often */
        .size = sizeof(posmedic_hal),
        .version = POSMEDIC_HAL_VERSION,
        .read_identity = read_identity,
        .read_reader = read_reader,
        .read_printer = read_printer,
        .read_contactless = read_contactless,
        .read_battery = read_battery,
        .read_tamper = read_tamper,
        .read_keypad = read_keypad,
        .light_and_beep = light_and_beep,
    };
    if (habit("refuses") || version < POSMEDIC_HAL_VERSION)
        return NULL;
    if (habit("newer"))
        table.version = 99;
    if (habit("no_size"))
        table.size = 0;
    if (habit("odd_size"))
        table.size = 33;
    if (habit("short")) /* ends after read_identity, as an older header would */
        table.size = (uint32_t)((const char *)&table.read_reader - (const char *)&table);
    return &table;
}
