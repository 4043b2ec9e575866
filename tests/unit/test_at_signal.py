from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.at_signal import Signal, SignalKind, build_cesq, build_csq, parse_cesq, parse_csq, signal_of


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        ("+CSQ: 0,0", Signal("+CSQ", rssi_dbm=-113.0, ber_step=0)),
        ("+CSQ: 17,7", Signal("+CSQ", rssi_dbm=-79.0, ber_step=7)),
        ("+CSQ: 17,8", Signal("+CSQ", rssi_dbm=-79.0)),
        ("+CSQ: 130,5", Signal("+CSQ", "TD-SCDMA", rscp_dbm=-86.0, ber_step=5)),
        ("+CSQ:31,99", Signal("+CSQ", rssi_dbm=-51.0)),
        ('+CSQ: "020",99', Signal("+CSQ", rssi_dbm=-73.0)),
        ("+CSQ: 20", Signal("+CSQ", rssi_dbm=-73.0)),
        ("+CSQ: 99,99", Signal("+CSQ", unknown=(SignalKind.RSSI,))),
        ("+CSQ: 100,99", Signal("+CSQ", "TD-SCDMA", rscp_dbm=-116.0)),
        ("+CSQ: 191,99", Signal("+CSQ", "TD-SCDMA", rscp_dbm=-25.0)),
        ("+CSQ: 199,99", Signal("+CSQ", "TD-SCDMA", unknown=(SignalKind.RSCP,))),
        ("+CSQ: 32,0", Signal("+CSQ", oddities=("the level 32 is in no table",))),
        ("+CSQ: ,99", None),
        ("+CSQ: x", None),
        ("+CSQ:", None),
    ],
)
def test_csq(line: str, signal: Signal | None) -> None:
    assert parse_csq(line) == signal


def test_huawei_rssi_uses_the_same_steps_and_keeps_its_name() -> None:
    assert parse_csq("^RSSI:14", "^RSSI") == Signal("^RSSI", rssi_dbm=-85.0)


@pytest.mark.parametrize(
    ("line", "signals"),
    [
        ("+CESQ: 99,99,255,255,20,52", (Signal("+CESQ", "LTE", rsrp_dbm=-89.0, rsrq_db=-10.0),)),
        ("+CESQ: 99,99,255,255,0,0", (Signal("+CESQ", "LTE", rsrp_dbm=-141.0, rsrq_db=-20.0),)),
        ("+CESQ: 99,99,255,255,34,97", (Signal("+CESQ", "LTE", rsrp_dbm=-44.0, rsrq_db=-3.0),)),
        (
            "+CESQ: 99,99,255,255,255,255,65,75,75",
            (Signal("+CESQ", "NR", rsrp_dbm=-82.0, rsrq_db=-11.0, sinr_db=14.0),),
        ),
        ("+CESQ: 99,99,40,20,255,255", (Signal("+CESQ", "WCDMA", rscp_dbm=-81.0, ecno_db=-14.5),)),
        ("+CESQ: 30,0,255,255,255,255", (Signal("+CESQ", "GSM", rssi_dbm=-81.0, ber_step=0),)),
        (
            "+CESQ: 99,99,255,255,30,60,60,70,255",
            (
                Signal("+CESQ", "NR", rsrp_dbm=-87.0, rsrq_db=-13.5, unknown=(SignalKind.SINR,)),
                Signal("+CESQ", "LTE", rsrp_dbm=-81.0, rsrq_db=-5.0),
            ),
        ),
        (
            "+CESQ: 99,99,255,255,40,52",
            (
                Signal(
                    "+CESQ",
                    "LTE",
                    rsrp_dbm=-89.0,
                    unknown=(SignalKind.RSRQ,),
                    oddities=("the RSRQ number 40 is in no table",),
                ),
            ),
        ),
        ("+CESQ: 99,99,255,255,255,255", ()),
        ("+CESQ: 99,99,255,255,255,255,255,255,255", ()),
        ("+CESQ:", ()),
        ("+CESQ: 99,99,,,-,x", ()),
    ],
)
def test_cesq_keeps_every_radio_and_scale_apart(line: str, signals: tuple[Signal, ...]) -> None:
    assert parse_cesq(line) == signals


@given(st.integers(0, 31))
def test_every_csq_level_is_read_as_it_was_built(level: int) -> None:
    signal = Signal("+CSQ", rssi_dbm=-113.0 + 2 * level, ber_step=level % 8)
    assert parse_csq(build_csq(signal)) == signal


@given(st.integers(0, 97), st.integers(0, 34), st.integers(0, 126), st.integers(0, 126), st.integers(0, 127))
def test_every_cesq_level_is_read_as_it_was_built(rsrp: int, rsrq: int, nr: int, quality: int, noise: int) -> None:
    lte = Signal("+CESQ", "LTE", rsrp_dbm=-141.0 + rsrp, rsrq_db=-20 + rsrq / 2)
    five = Signal("+CESQ", "NR", rsrp_dbm=-157.0 + nr, rsrq_db=-43.5 + quality / 2, sinr_db=-23.5 + noise / 2)
    assert parse_cesq(build_cesq((lte, five))) == (five, lte)
    assert parse_cesq(build_cesq((lte,), nine=False)) == (lte,)


def test_a_level_that_no_receiver_can_tell_is_odd_and_not_kept() -> None:
    signal = signal_of("+X", "LTE", [(SignalKind.RSRP, 12.0), (SignalKind.SINR, -5.0)])
    assert signal == Signal("+X", "LTE", sinr_db=-5.0, oddities=("RSRP 12 dBm cannot be",))


def test_a_ratio_is_in_db_and_a_level_in_dbm() -> None:
    assert {kind: kind.unit for kind in SignalKind} == {
        SignalKind.RSSI: "dBm",
        SignalKind.RSCP: "dBm",
        SignalKind.RSRP: "dBm",
        SignalKind.ECNO: "dB",
        SignalKind.RSRQ: "dB",
        SignalKind.SINR: "dB",
    }


@given(st.text(max_size=60))
def test_any_text_is_a_possible_level_or_none(text: str) -> None:
    signal = parse_csq(f"+CSQ: {text}")
    assert signal is None or signal.rssi_dbm is None or -113 <= signal.rssi_dbm <= -51
    assert all(one.known for one in parse_cesq(f"+CESQ: {text}"))
