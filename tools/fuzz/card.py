"""Parsers of chip cards' data: TLV, data object lists, processing options, commands, ATR, bits of EMV values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from device.decoding.tables import Tables
from protocol.apdu import ApduError, T0Exchange, parse_command, parse_response
from protocol.atr import parse_atr
from protocol.atr_historical import parse_historical
from protocol.atr_interface import explain_interface
from protocol.atr_services import explain_capabilities, explain_services, lifecycle_word
from protocol.ber_tlv import MOST_OBJECTS, Reading, parse_tlv
from protocol.dol import MOST_ENTRIES, build_dol, parse_dol, split_values
from protocol.emv_aids import product_of_aid, scheme_of_aid
from protocol.emv_cvm import parse_cvm_list
from protocol.emv_iad import read_iad
from protocol.gpo import build_afl, parse_afl, parse_gpo
from protocol.status_word import Known
from tools.fuzz.rules import WHOLE_SHARE, Check, LawError, Make, Target, law
from tools.fuzz.seeds import seeds_of

_MOST_MEANINGS_A_BYTE: Final = 20
_EXCHANGE_COMMAND: Final = bytes.fromhex("00B2010C00")
TLV_TOKENS: Final = tuple(
    bytes.fromhex(text)
    for text in (
        *("9F26", "9F2608", "9F10", "5A08", "57", "95", "9F27", "82", "94", "77", "70", "6F", "84", "A5", "BF0C", "80"),
        *("8180", "81FF", "820100", "83000001", "8400000001", "7080", "0000", "9000", "6283", "61FF", "FF01", "DF01"),
        *("FFEE01", "1F8180", "9FFFFFFFFF01", "FFFF", "E0", "E1", "C9", "FF8105"),
    )
)
APDU_TOKENS: Final = tuple(
    bytes.fromhex(text)
    for text in ("00A40400", "80A80000", "00B2", "80AE", "0084", "00C0", "000000", "00FFFF", "9000", "6100", "6CFF")
)
ATR_TOKENS: Final = tuple(
    bytes.fromhex(text) for text in ("3B", "3F", "804F0CA000000306", "80", "00", "10", "8131", "FE", "1F", "F0", "73C0")
)


def tlv_seeds(recorded: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Recordings, and each of their objects on its own: short inputs are tried more often."""
    whole = [item for seed in recorded for item in parse_tlv(seed).walk() if len(item.value) < 128]
    return (
        *recorded,
        *dict.fromkeys(bytes.fromhex(item.tag) + bytes((len(item.value),)) + item.value for item in whole),
    )


def check_tlv(data: bytes) -> None:
    """Objects and the failure lie inside; no more objects than allowed."""
    _check_tlv(data, tuple(Reading))


def check_tlv_readings(data: bytes) -> None:
    """The same for each reading on its own."""
    for reading in Reading:
        _check_tlv(data, (reading,))


def _check_tlv(data: bytes, readings: tuple[Reading, ...]) -> None:
    parsed = parse_tlv(data, readings)
    size, count = len(data), 0
    for item in parsed.walk():
        count += 1
        if not 0 <= item.offset < size or item.offset + len(item.value) > size:
            raise LawError(f"an object at {item.offset} does not lie in the {size} bytes")
    law(count <= MOST_OBJECTS, "there are more objects than allowed")
    failure = parsed.failure
    if failure is not None:
        law(0 <= failure.offset <= size and failure.reason, "the failure has no reason or lies outside")


def check_dol(data: bytes) -> None:
    """Entries lie inside; a whole list builds again; values are parted inside."""
    dol = parse_dol(data)
    law(len(dol.entries) <= MOST_ENTRIES, "there are more entries than allowed")
    if dol.failure is None:
        law(build_dol([(entry.tag, entry.length) for entry in dol.entries]) == data, "the list builds differently")
    else:
        law(0 <= dol.failure.offset <= len(data) and dol.failure.reason, "the failure lies outside")
    parted = split_values(dol.entries, data)
    taken = sum(len(value.value) for value in parted.values)
    if parted.failure is None:
        law(taken + parted.trailing == len(data), "the values are not all of the data")
    else:
        law(taken == parted.failure.offset <= len(data), "the failure lies elsewhere")


def check_gpo(data: bytes) -> None:
    """The answer's parts lie inside, and it has a format or a failure."""
    answer = parse_gpo(data)
    law(answer.format is not None or answer.failure is not None, "neither a format nor a failure")
    if answer.failure is not None:
        law(0 <= answer.failure.offset <= len(data), "the failure lies outside")
    if answer.afl is not None:
        law(all(entry.offset + 4 <= len(data) for entry in answer.afl.entries), "a file entry lies outside")


def check_afl(data: bytes) -> None:
    """Four bytes an entry; entries build again but for the three low bits beside the SFI."""
    afl = parse_afl(data)
    law(len(afl.entries) == len(data) // 4, "an entry is missing")
    law((afl.failure is None) == (len(data) % 4 == 0), "a cut entry is not told")
    whole = bytes(byte & 0xF8 if at % 4 == 0 else byte for at, byte in enumerate(data[: len(data) & ~3]))
    law(build_afl(afl.entries) == whole, "the entries build differently")


def check_command(data: bytes) -> None:
    """A whole command builds again to the same bytes; else the place and the reason are told."""
    read = parse_command(data)
    if read.failure:
        law(0 <= read.offset <= len(data), "the failure lies outside")
    else:
        law(read.command is not None and read.command.build() == data, "the command builds differently")


def check_exchange(data: bytes) -> None:
    """A card's answers, each as long as its first byte says: the exchange ends or says why it does not."""
    command = parse_command(_EXCHANGE_COMMAND).command
    if command is None:
        raise LawError("READ RECORD is no command")
    exchange = T0Exchange(command)
    at = 0
    try:
        while at < len(data):
            size = 1 + data[at] % 8
            after = exchange.feed(data[at + 1 : at + 1 + size])
            at += 1 + size
            if after is None:
                break
        if at:
            law(len(exchange.response.data) <= len(data), "the answer is longer than what came")
    except ApduError as error:
        law(str(error), "no reason is told")


def status_word_check(tables: Tables) -> Check:
    """Every word has texts unless it is unknown, and no text keeps a gap for a number."""
    words = tables.status_words

    def check(data: bytes) -> None:
        instruction = data[2] if len(data) > 2 else None
        meaning = words.meaning(int.from_bytes(data[:2], "big"), instruction)
        law(bool(meaning.texts) == (meaning.known is not Known.UNKNOWN), "texts and what is known do not agree")
        law(not any("{" in text for text in meaning.texts.values()), "a text keeps a gap")
        if len(data) >= 2:
            response = parse_response(data)
            law(len(response.data) + 2 == len(data), "an answer's data is not what stands before its status word")

    return check


def check_atr(data: bytes) -> None:
    """Interface bytes are where they are told to be; historical bytes and objects lie inside."""
    atr = parse_atr(data)
    for name, offset in atr.offsets.items():
        if not 0 < offset < len(data) or data[offset] != atr.interface[name]:
            raise LawError(f"{name} is not where it is told to be")
    end = atr.historical_offset + len(atr.historical)
    law(data[atr.historical_offset : end] == atr.historical, "the historical bytes are not where they are told to be")
    law(len(atr.oddities) <= 12 and all(atr.oddities), "an oddity has no text, or there are too many")
    law(atr.protocols, "no protocol is told")
    meanings = explain_interface(atr)
    law(len(atr.interface) <= len(meanings) <= 2 * len(atr.interface), "an interface byte has no meaning, or too many")
    historical = parse_historical(atr)
    for item in historical.objects:
        if not atr.historical_offset < item.offset < end or item.offset + 1 + len(item.value) > end:
            raise LawError("a historical object lies outside")
        explain_capabilities(item.value)
        for byte in item.value[:1]:
            explain_services(byte)
            lifecycle_word(byte)


def bits_check(tables: Tables) -> Check:
    """The first byte chooses a tag, the rest is its value: meanings lie inside and are bounded."""
    emv = tables.emv
    tags = sorted(emv.bits)
    schemes = [None, *sorted({scheme.word for scheme in emv.schemes.values()})]

    def check(data: bytes) -> None:
        if len(data) < 2:
            return
        value, scheme = data[2:], schemes[data[1] % len(schemes)]
        for table in emv.bits[tags[data[0] % len(tags)]]:
            meanings = table.explain(value)
            law(len(meanings) <= _MOST_MEANINGS_A_BYTE * (len(value) + 1), "there are too many meanings")
            for meaning in meanings:
                if not 1 <= meaning.byte <= len(value) + 1 or not meaning.words.en:
                    raise LawError(f"a meaning of byte {meaning.byte} of {len(value)} has no words or lies outside")
        rules = parse_cvm_list(value)
        law(len(rules.rules) == max(0, len(value) - 8) // 2, "a rule of the list is missing or too many")
        reading = read_iad(value, emv.layouts, scheme)
        if reading is not None:
            law(all(1 <= meaning.byte <= len(value) + 1 for meaning in reading.meanings), "a meaning lies outside")
        name = value.hex().upper()
        scheme_of_aid(name, emv.schemes)
        product_of_aid(name, emv.products)

    return check


_MADE: Final[Mapping[str, tuple[str, ...]]] = {  # by hand, in hex: short and whole
    "dol": ("9F66049F02069F37045F2A029A03", "9F38189F6604", "9F0206", "9F37049F5C08", "8A0295059F3704"),
    "gpo": (
        *("800A7C000801010010010301", "770E82027C00940808010100100103019000", "77068202590094009000"),
        *("08010100100103011803040018010201", "80027C00", "770A82021980570462000000"),
    ),
    "apdu": (
        *("00A4040007A0000000031010", "00A4040007A000000003101000", "00B2010C00", "80A8000002830000", "00B0000000"),
        *("00A404000000051122334455", "00B20104000000", "00C0000010", "01610202900001", "016C10069000", "61029000"),
    ),
}


def _one(name: str, check: Check, share: int, module: str, tokens: tuple[bytes, ...], kind: str) -> Target:
    made = tuple(bytes.fromhex(text) for text in _MADE.get(kind, ()))
    return Target(name, check, share, (f"protocol.{module}",), (*seeds_of(kind), *made), tokens)


def _tlv(_tables: Tables) -> tuple[Target, ...]:
    seeds = tlv_seeds(seeds_of("tlv"))
    modules = ("protocol.ber_tlv",)
    return (
        Target("parse_tlv", check_tlv, 895, modules, seeds, TLV_TOKENS),
        Target("parse_tlv, each reading", check_tlv_readings, 100, modules, seeds, TLV_TOKENS),
    )


def _gpo(_tables: Tables) -> tuple[Target, ...]:
    return (
        _one("parse_gpo", check_gpo, 395, "gpo", TLV_TOKENS, "gpo"),
        _one("parse_afl", check_afl, 600, "gpo", TLV_TOKENS, "gpo"),
    )


def _apdu(tables: Tables) -> tuple[Target, ...]:
    return (
        _one("parse_command", check_command, 595, "apdu", APDU_TOKENS, "apdu"),
        _one("T=0 exchange", check_exchange, 200, "apdu", APDU_TOKENS, "apdu"),
        _one("status words", status_word_check(tables), 200, "status_word", APDU_TOKENS, "apdu"),
    )


def _emv(tables: Tables) -> tuple[Target, ...]:
    modules = ("protocol.emv_bits", "protocol.emv_iad", "protocol.emv_aids", "protocol.emv_cvm")
    tags = len(tables.emv.bits)
    recorded = tuple(bytes((at % tags,)) + seed for at, seed in enumerate(seeds_of("emv")))
    seeds = tuple(bytes((at, 0)) + seed[1:] for at in range(tags) for seed in recorded[:: max(1, len(recorded) // 8)])
    return (Target("bits and issuer data", bits_check(tables), WHOLE_SHARE, modules, seeds, TLV_TOKENS),)


MAKE: Final[Mapping[str, Make]] = {
    "tlv": _tlv,
    "dol": lambda _: (_one("parse_dol", check_dol, 995, "dol", TLV_TOKENS, "dol"),),
    "gpo": _gpo,
    "apdu": _apdu,
    "atr": lambda _: (_one("parse_atr", check_atr, 995, "atr_historical", ATR_TOKENS, "atr"),),
    "emv": _emv,
}
"""What is fuzzed of each decoder of card data."""
