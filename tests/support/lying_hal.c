/* A hardware library with every bad habit. LYING_HAL names the habit; without it all is well. */
#define _POSIX_C_SOURCE 200809L
#include "posmedic_hal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int habit(const char *name)
{
    const char *wanted = getenv("LYING_HAL");
    return wanted && strcmp(wanted, name) == 0;
}

static void misbehave(void)
{
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
                return;
}

static int32_t read_identity(posmedic_identity *out)
{
    misbehave();
    strcpy(out->vendor, "Test");
    strcpy(out->model, habit("not_utf8") ? "\xff\xfe" : habit("control") ? "a\tb" : "Terminal 1");
    strcpy(out->serial_number, "SN-0001");
    if (habit("endless_text"))
        memset(out->firmware, 'x', sizeof out->firmware);
    return POSMEDIC_OK;
}

static int32_t read_reader(posmedic_reader *out)
{
    misbehave();
    out->track_reads[0] = 10;
    out->track_reads[1] = habit("negative") ? -5 : 900;
    out->track_errors[1] = 9;
    out->head_cycles = 1000;
    out->chip_inserts = 500;
    out->chip_errors = 2;
    return POSMEDIC_OK;
}

static int32_t read_printer(posmedic_printer *out)
{
    misbehave();
    out->paper = habit("paper_77") ? 77 : POSMEDIC_PAPER_NEAR_END;
    out->cover_open = 0;
    out->overheated = 0;
    out->cutter_fault = 0;
    return POSMEDIC_OK;
}

static int32_t read_battery(posmedic_battery *out)
{
    misbehave();
    out->fitted = 1;
    out->external_power = 1;
    out->charging = 1;
    out->level_percent = habit("percent_300") ? 300 : 80;
    out->voltage_mv = 3900;
    out->temperature_dc = 251;
    if (habit("overrun"))
        memset(out, 1, sizeof *out + 100);
    return habit("no_answer") ? POSMEDIC_NO_ANSWER : habit("busy") ? POSMEDIC_BUSY : habit("result_99") ? 99 : POSMEDIC_OK;
}

static int32_t read_tamper(posmedic_tamper *out)
{
    misbehave();
    out->triggered = habit("tampered");
    out->events = 0;
    return POSMEDIC_OK;
}

static int32_t read_contactless(posmedic_contactless *out)
{
    misbehave();
    out->answers = 1;
    out->field_on = 0;
    return POSMEDIC_OK;
}

static int32_t read_keypad(posmedic_keypad *out)
{
    misbehave();
    out->keys = 16;
    out->pressed = habit("stuck_key") ? 1 : 0;
    return POSMEDIC_OK;
}

static int32_t light_and_beep(uint32_t duration_ms)
{
    misbehave();
    return duration_ms ? POSMEDIC_OK : POSMEDIC_FAILED;
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
