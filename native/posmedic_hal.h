/* What posmedic asks of a vendor's hardware library. Version 1.
 *
 * A terminal's vendor compiles one shared library with this header over the closed SDK and names it in the settings:
 *
 *     [hal]
 *     library = "/usr/lib/vendor/libposmedic_hal.so"
 *
 * posmedic loads it in a process of its own for each part, with a deadline, and ends that process afterwards. A call
 * may therefore block, and the library needs no threads, no clean-up and no state between calls. A crash or a hang
 * becomes a finding on that part.
 *
 * Rules
 *  - Nothing here reads a card, a key or a PIN, and no text may hold card data.
 *  - A function that the hardware cannot serve is left NULL, or answers POSMEDIC_NOT_FITTED or POSMEDIC_NOT_SUPPORTED.
 *  - Members are POSMEDIC_UNKNOWN when the function is entered; write only what was measured now.
 *  - `size` is set by posmedic to the size of the structure it knows: do not write beyond it. Structures grow at their end; a library
 *    that was compiled with a newer header compares `size` before it writes what is new.
 *  - Texts end with a zero byte and are UTF-8.
 *
 * native/HAL.md builds one line by line; native/reference/ is a complete one for generic Linux hardware.
 */
#ifndef POSMEDIC_HAL_H
#define POSMEDIC_HAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* declarations begin */
#define POSMEDIC_HAL_VERSION 1

/* What a call returns. */
#define POSMEDIC_OK 0
#define POSMEDIC_NOT_FITTED 1    /* this terminal has no such part */
#define POSMEDIC_NOT_SUPPORTED 2 /* the part is there, but this cannot be asked */
#define POSMEDIC_BUSY 3          /* the payment application is using it */
#define POSMEDIC_NO_ANSWER 4     /* the part was asked and stayed silent */
#define POSMEDIC_FAILED 5        /* it answered that it cannot do it */

/* A member that nobody measured. */
#define POSMEDIC_UNKNOWN -2147483648

/* Paper. */
#define POSMEDIC_PAPER_OK 0
#define POSMEDIC_PAPER_NEAR_END 1
#define POSMEDIC_PAPER_OUT 2

typedef struct {
    uint32_t size;
    char vendor[32];
    char model[32];
    char serial_number[32]; /* of the terminal */
    char firmware[32];      /* of the secure processor or the board */
} posmedic_identity;

typedef struct {
    uint32_t size;
    int32_t track_reads[3];  /* good reads of tracks 1 to 3 since the counter began */
    int32_t track_errors[3]; /* failed reads */
    int32_t head_cycles;     /* swipes over the head */
    int32_t chip_inserts;    /* cards put into the slot */
    int32_t chip_errors;     /* of these without a usable answer to reset */
} posmedic_reader;

typedef struct {
    uint32_t size;
    int32_t paper;        /* POSMEDIC_PAPER_... */
    int32_t cover_open;   /* 0 or 1 */
    int32_t overheated;   /* 0 or 1 */
    int32_t cutter_fault; /* 0 or 1 */
    int32_t printed_m;    /* metres since the counter began */
} posmedic_printer;

typedef struct {
    uint32_t size;
    int32_t answers;  /* 0 or 1: the reader chip answers */
    int32_t field_on; /* 0 or 1, now */
    int32_t taps;     /* cards seen since the counter began */
    int32_t errors;   /* of these that could not be read */
} posmedic_contactless;

typedef struct {
    uint32_t size;
    int32_t fitted;         /* 0 or 1 */
    int32_t external_power; /* 0 or 1 */
    int32_t charging;       /* 0 or 1 */
    int32_t level_percent;  /* 0 to 100 as the fuel gauge tells it */
    int32_t voltage_mv;
    int32_t temperature_dc; /* tenths of a degree Celsius */
    int32_t cycles;         /* full charges */
} posmedic_battery;

typedef struct {
    uint32_t size;
    int32_t triggered; /* 0 or 1: the tamper latch is set */
    int32_t events;    /* since the counter began */
} posmedic_tamper;

typedef struct {
    uint32_t size;
    int32_t keys;    /* how many keys there are */
    int32_t pressed; /* how many read as pressed now: with nobody near, a key that sticks */
    uint8_t fitted[96]; /* a bit for each key there is: bit n % 8 of byte n / 8 is the key n of Linux' KEY_ codes */
    uint8_t down[96];   /* a bit for each key that is pressed now; asked 50 times a second in the assisted test */
} posmedic_keypad;

typedef struct {
    uint32_t size;    /* sizeof(posmedic_hal) as compiled */
    uint32_t version; /* POSMEDIC_HAL_VERSION as compiled */

    /* Look, do not touch: allowed at any time, also beside a sale. */
    int32_t (*read_identity)(posmedic_identity *out);
    int32_t (*read_reader)(posmedic_reader *out);
    int32_t (*read_printer)(posmedic_printer *out);
    int32_t (*read_contactless)(posmedic_contactless *out);
    int32_t (*read_battery)(posmedic_battery *out);
    int32_t (*read_tamper)(posmedic_tamper *out);
    int32_t (*read_keypad)(posmedic_keypad *out);

    /* Do something that a person notices: only when a technician asks, never during a sale. */
    int32_t (*light_and_beep)(uint32_t duration_ms);
    int32_t (*print_test_line)(void);
    int32_t (*switch_field)(uint32_t duration_ms); /* contactless field on, then off */
} posmedic_hal;

/* The one symbol that the library exports. NULL: it cannot serve a caller that knows `version` and older. */
const posmedic_hal *posmedic_hal_open(uint32_t version);
/* declarations end */

#ifdef __cplusplus
}
#endif

#endif
