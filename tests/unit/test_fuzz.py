"""The fuzzing tool itself: it tries the same again, finds what is wrong, and counts honestly. For whoever trusts it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import NamedTuple

import pytest

import protocol
from device.decoding.result import Decoded, Direction, Outcome, Row
from device.decoding.tables import Tables
from tools.fuzz import ledger, report
from tools.fuzz.growth import check_growth, least_growth
from tools.fuzz.guard import MOST_MS, BrokenError, arm, check_group
from tools.fuzz.laws import Laws, shows_card
from tools.fuzz.ledger import Ledger, modules_of, source_hash
from tools.fuzz.plain import Plain, batch
from tools.fuzz.rules import WHOLE_SHARE, Check, LawError, Target, check_spans, check_stream, cut_of
from tools.fuzz.seeds import PAN, corpus_of
from tools.fuzz.targets import DECODERS, targets_of

TABLES = Tables()
PURE_DATA = {"emv", "emv_words", "__init__"}  # look-ups of single values: no bytes from a wire come here
SEEDS = (b"\x02ABC\x03", b"\x00" * 8)


def target_of(check: Check, name: str = "made up", share: int = 200) -> Target:
    return Target(name, check, share, ("protocol.dol",), SEEDS, (b"\x7e",))


def test_what_keeps_one_small_thing_for_every_input_is_found_to_grow() -> None:
    inputs = [bytes((number % 251,)) * 9 for number in range(200)]
    kept: list[object] = []
    assert least_growth(lambda _data, number: kept.append((number,)), inputs) > 16 * len(inputs)
    cache: dict[bytes, bytes] = {}
    assert least_growth(lambda data, _: cache.setdefault(data, data * 99), inputs) <= 16  # it fills once


class Hoarder:
    """A stream that never lets go of what it was fed."""

    def __init__(self, _tables: Tables) -> None:
        self._all = bytearray()

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> list[Row]:
        self._all += data + bytes((direction,)) * 20
        return []

    def close(self) -> list[Row]:
        return []


def test_a_stream_that_grows_breaks_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    check_growth("pn532", TABLES, 600)
    monkeypatch.setattr("device.decoding.pn532.open_stream", Hoarder)
    with pytest.raises(LawError, match="one stream keeps"):
        check_growth("pn532", TABLES, 600)


@pytest.mark.parametrize(
    "form",
    [PAN, PAN[:11], PAN[5:], bytes.fromhex(PAN).hex(" "), PAN.encode().hex(), f"{PAN[:8]}-{PAN[8:]}"],
)
def test_a_card_number_is_seen_in_every_way_of_writing_it(form: str) -> None:
    assert shows_card(json.dumps({"raw": f"before {form} behind"}))


def test_first_six_and_last_four_are_no_card_number() -> None:
    assert not shows_card(json.dumps({"card": f"{PAN[:6]}******{PAN[-4:]}", "bin": PAN[:9]}))


def test_a_decoder_that_shows_what_it_got_breaks_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    laws = Laws("pn532", TABLES)
    shown = Decoded(Outcome.WHOLE, {"raw": bytes.fromhex(PAN).hex(" ")})
    monkeypatch.setattr(laws, "_decode", lambda _data, _tables: shown)
    with pytest.raises(LawError, match="shows a card number"):
        laws.check(b"")


def test_a_batch_is_the_same_each_time_and_another_number_is_another_batch() -> None:
    target = target_of(len)
    assert list(batch(target, 7)) == list(batch(target, 7))
    assert list(batch(target, 7)) != list(batch(target, 8))
    assert len(list(batch(target, 7))) == target.share


def test_inputs_are_mostly_small_and_sometimes_large() -> None:
    sizes = [len(data) for number in range(300) for data in batch(target_of(len), number)]
    assert max(sizes) >= 1024
    assert sorted(sizes)[len(sizes) // 2] < 64


def test_an_input_that_raises_is_told_with_its_bytes() -> None:
    def check(data: bytes) -> None:
        if data.startswith(b"bad"):
            raise ZeroDivisionError

    with pytest.raises(BrokenError, match="ZeroDivisionError") as broken:
        check_group(target_of(check), [b"good", b"bad one", b"good"])
    assert broken.value.data == b"bad one"


def test_one_slow_input_is_found_in_a_group_of_quick_ones() -> None:
    def check(data: bytes) -> None:
        until = time.process_time() + 1.3 * MOST_MS / 1000
        while data == b"slow" and time.process_time() < until:
            pass

    check_group(target_of(check), [b"quick"] * 8)
    with pytest.raises(BrokenError, match="4 bytes took") as broken:
        check_group(target_of(check), [b"quick", b"slow", b"quick"])
    assert broken.value.data == b"slow"


def test_an_endless_loop_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.fuzz.guard._HANG_S", 0.05)
    arm()

    def check(_data: bytes) -> None:
        while True:
            pass

    with pytest.raises(BrokenError, match="no end after"):
        check_group(target_of(check), [b"for ever"])


def test_the_plain_engine_finds_a_fault_behind_one_wrong_byte_and_keeps_the_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def check(data: bytes) -> None:
        if data[:1] == b"\x02" and data[1:2] == b"\x7e":
            raise LawError("a token right behind the start")

    monkeypatch.setattr(ledger, "FOLDER", tmp_path)
    monkeypatch.setattr(report, "CRASHES", tmp_path / "crashes")
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setattr("tools.fuzz.plain.targets_of", lambda _: (target_of(check), target_of(len, "fine", 800)))
    plain = Plain("made", 20 * WHOLE_SHARE)
    plain.run(0)
    assert plain.broken
    (kept,) = (tmp_path / "crashes").iterdir()
    assert kept.read_bytes()[:2] == b"\x02\x7e"
    assert Ledger("made").done("fine", source_hash(("protocol.dol",)), "plain") == 20 * 800


def test_numbers_are_kept_until_the_source_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ledger, "FOLDER", tmp_path)
    first = Ledger("tlv")
    first.add("parse_tlv", "one", "plain", 500)
    first.add("parse_tlv", "one", "guided", 20)
    first.write()
    again = Ledger("tlv")
    assert (again.done("parse_tlv", "one", "plain"), again.done("parse_tlv", "one", "guided")) == (500, 20)
    assert again.done("parse_tlv", "two", "plain") == 0
    again.add("parse_tlv", "two", "plain", 5)
    assert (again.done("parse_tlv", "two", "plain"), again.done("parse_tlv", "two", "guided")) == (5, 0)


def test_a_ledger_that_is_no_ledger_counts_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ledger, "FOLDER", tmp_path)
    for text in ("", "[]", "{", '{"parse_tlv": 3}'):
        (tmp_path / "tlv.json").write_text(text)
        assert Ledger("tlv").done("parse_tlv", "one", "plain") == 0


def test_the_source_of_a_target_is_what_it_imports_and_no_more() -> None:
    names = {path.stem for path in modules_of(("protocol.gpo",))}
    assert {"gpo", "ber_tlv", "ber_tlv_plain"} <= names
    assert "iso8583" not in names


@pytest.mark.parametrize("decoder", DECODERS)
def test_each_decoder_has_targets_whose_seeds_keep_the_laws(decoder: str) -> None:
    targets = targets_of(decoder)
    assert sum(target.share for target in targets) == WHOLE_SHARE
    assert all(target.share > 0 and target.seeds for target in targets)
    assert len({target.name for target in targets}) == len(targets)
    for target in targets:
        check_group(target, target.seeds[:8])


@pytest.mark.parametrize("decoder", DECODERS)
def test_each_decoder_has_a_corpus_in_the_repository(decoder: str) -> None:
    inputs = corpus_of(decoder)
    assert inputs
    assert all(set(inputs) <= set(target.seeds) for target in targets_of(decoder))


def test_every_parser_of_protocol_is_fuzzed() -> None:
    fuzzed = {
        path.stem for decoder in DECODERS for target in targets_of(decoder) for path in modules_of(target.modules)
    }
    ours = {path.stem for path in Path(protocol.__file__).parent.glob("*.py") if not path.stem.endswith("_build")}
    assert ours - fuzzed - PURE_DATA == set()


@pytest.mark.parametrize("spans", [[(0, 5)], [(3, 2)], [(2, 1), (1, 1)], [(0, -1)]])
def test_spans_outside_or_out_of_order_break_the_law(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(LawError):
        check_spans(spans, 4)


class Piece(NamedTuple):
    offset: int


class Forgetful:
    """Tells of every piece that it was given, so that cuts show."""

    def feed(self, data: bytes) -> list[Piece]:
        return [Piece(0)] if data else []


def test_a_stream_that_depends_on_chunks_breaks_the_law() -> None:
    inputs = [bytes((number,)) * 9 for number in range(50)]
    data = next(data for data in inputs if cut_of(data) in (2, 4, 6, 8))
    with pytest.raises(LawError, match="in two pieces"):
        check_stream(data, Forgetful, lambda _: [], lambda _: 1)
