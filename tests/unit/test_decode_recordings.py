"""Recordings of commands, answers, lists and control frames, both ways: decoded to what they say, built to the byte."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from device.decoding.kinds import KINDS, decoder_of
from device.decoding.result import Outcome
from device.decoding.tables import Tables
from protocol.apdu import Command, parse_command, parse_response
from protocol.ber_tlv import parse_tlv
from protocol.control_frame import Control, Deframer, Delimiter, Frame, FrameProfile, Item, LengthKind, build_frame
from protocol.dol import build_dol, build_values, parse_dol, split_values
from protocol.gpo import AflEntry, build_afl, parse_gpo

RECORDINGS = Path(__file__).parents[1] / "recordings"
TABLES = Tables()


def recorded(name: str) -> dict[str, Any]:
    return tomllib.loads((RECORDINGS / name).read_text())


LISTS = recorded("dol/card_lists.toml")["list"]
ANSWERS = recorded("gpo/answers.toml")["answer"]
COMMANDS = recorded("apdu/exchanges.toml")["command"]
CARD_ANSWERS = recorded("apdu/exchanges.toml")["answer"]
SESSIONS = recorded("control/reader_sessions.toml")
STREAMS = SESSIONS["stream"]


def shown(kind: str, wire: bytes) -> dict[str, Any]:
    decoded = decoder_of(kind)(wire, TABLES)
    assert decoded.outcome is Outcome.WHOLE
    return decoded.result


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_recording(kind: str) -> None:
    assert list((RECORDINGS / kind).iterdir())


@pytest.mark.parametrize("row", LISTS, ids=lambda row: row["name"])
def test_a_list_and_its_values_both_ways(row: dict[str, Any]) -> None:
    wire = bytes.fromhex(row["hex"])
    dol = parse_dol(wire)
    assert [[entry.tag, entry.length] for entry in dol.entries] == row["entries"]
    assert build_dol([(tag, length) for tag, length in row["entries"]]) == wire
    assert [[entry["tag"], entry["length"]] for entry in shown("dol", wire)["entries"]] == row["entries"]
    if "values" in row:
        values = bytes.fromhex(row["values"])
        parted = split_values(dol.entries, values)
        assert parted.failure is None
        assert build_values(dol.entries, {value.tag: value.value for value in parted.values}) == values


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: row["name"])
def test_processing_options_both_ways(row: dict[str, Any]) -> None:
    wire = bytes.fromhex(row["hex"])
    answer = parse_gpo(wire)
    files = [] if answer.afl is None else [[e.sfi, e.first, e.last, e.signed] for e in answer.afl.entries]
    assert (int(answer.format or 0), (answer.aip or b"").hex().upper()) == (row["format"], row["aip"])
    assert files == row.get("afl", [])
    file_bytes = build_afl(tuple(AflEntry(0, *entry) for entry in row.get("afl", [])))
    status = bytes.fromhex(row.get("status_word", ""))
    if row["format"] == 1:
        body = bytes.fromhex(row["aip"]) + file_bytes
        assert bytes((0x80, len(body))) + body + status == wire
    else:
        (template,) = parse_tlv(wire.removesuffix(status)).objects
        objects = {item.tag: item.value for item in template.children}
        assert (objects["82"].hex().upper(), objects.get("94", b"")) == (row["aip"], file_bytes)
    told = json.dumps(shown("gpo", wire))
    assert not [secret for secret in row.get("never_shown", ()) if secret in told]


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row["name"])
def test_a_command_both_ways(row: dict[str, Any]) -> None:
    wire, data = bytes.fromhex(row["hex"]), bytes.fromhex(row.get("data", ""))
    cla, ins, p1, p2 = row["command"]
    command = Command(cla, ins, p1, p2, data, row.get("le"), row.get("extended", False))
    assert parse_command(wire).command == command
    assert command.build() == wire
    result = shown("apdu", wire)
    assert (result.get("data"), result.get("le")) == (row.get("shown"), row.get("le"))


@pytest.mark.parametrize("row", CARD_ANSWERS, ids=lambda row: row["name"])
def test_an_answer_both_ways(row: dict[str, Any]) -> None:
    wire = bytes.fromhex(row["hex"])
    answer = parse_response(wire)
    assert answer.data + answer.sw.to_bytes(2) == wire
    result = shown("apdu", wire)
    assert result["status_word"] == row["status_word"]
    assert [item["tag"] for item in result.get("objects", ())] == row.get("tags", [])
    assert "6200000000000005" not in json.dumps(result)


def profile_of(row: dict[str, Any]) -> FrameProfile:
    return FrameProfile(LengthKind(row["length"]), *row["covers"])


def item_row(item: Item) -> list[Any]:
    if isinstance(item, Frame):
        return [item.offset, str(item.delimiter), bytes(item.payload).hex().upper()]
    if isinstance(item, Control):
        return [item.offset, item.code.name, ""]
    return [item.offset, str(item.fault), str(item.length)]


@pytest.mark.parametrize("size", [1, 3, 4096])
@pytest.mark.parametrize("row", STREAMS, ids=lambda row: row["name"])
def test_frames_of_a_reader_both_ways(row: dict[str, Any], size: int) -> None:
    wire, profile = bytes.fromhex(row["hex"]), profile_of(row)
    deframer = Deframer(profile)
    items = [item for at in range(0, len(wire), size) for item in deframer.feed(wire[at : at + size])]
    assert [item_row(item) for item in (*items, *deframer.expire())] == row["items"]
    for offset, kind, told in row["items"]:
        if kind in ("stx", "si"):
            frame = build_frame(bytes.fromhex(told), profile, Delimiter(kind))
            assert wire[offset : offset + len(frame)] == frame


@pytest.mark.parametrize("row", STREAMS, ids=lambda row: row["name"])
def test_the_way_of_writing_is_found_and_no_payload_is_shown(row: dict[str, Any]) -> None:
    decoded = decoder_of("control")(bytes.fromhex(row["hex"]), TABLES)
    told = [item["offset"] for item in decoded.result["frames"]]
    assert told == [offset for offset, kind, _ in row["items"] if not kind.startswith(("noise", "bad"))]
    text = json.dumps(decoded.result)
    assert not [secret for secret in SESSIONS["never_shown"] if secret in text]
