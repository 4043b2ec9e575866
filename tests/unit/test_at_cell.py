from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.at_antenna import AntennaLevels, parse_antenna_levels
from protocol.at_cell import ServingCell
from protocol.at_neighbour import Neighbour, parse_neighbour
from protocol.at_quectel import (
    NetworkInUse,
    build_serving_lte,
    count_neighbours,
    parse_network_in_use,
    parse_qcsq,
    parse_serving_cells,
)
from protocol.at_signal import Signal, SignalKind
from protocol.at_simcom import parse_cpsi
from protocol.at_vendor import (
    SystemState,
    parse_hcsq,
    parse_mode_in_use,
    parse_numbers,
    parse_system_state,
    parse_ucged,
)

LTE = '+QENG: "servingcell","NOCONN","LTE","FDD",460,00,A1B2C3D,77,1650,3,5,5,10F2,-93,-10,-64,140,30'


def levels(cell: ServingCell | None) -> dict[str, float]:
    assert cell is not None
    assert cell.signal is not None
    return {str(kind): value for kind, value in cell.signal.values().items() if value is not None}


def test_an_lte_cell_of_quectel() -> None:
    signal = Signal("+QENG", "LTE", rssi_dbm=-64.0, rsrp_dbm=-93.0, rsrq_db=-10.0, sinr_db=8.0)
    assert parse_serving_cells([LTE]) == (
        ServingCell("+QENG", "NOCONN", "LTE", "FDD", "460", "00", "10F2", "A1B2C3D", 77, 1650, "3", signal),
    )


def test_lte_with_nr_beside_it_comes_in_lines_under_one_state() -> None:
    cells = parse_serving_cells(
        [
            '+QENG: "servingcell","CONNECT"',
            '+QENG: "LTE","TDD",460,01,B0C1D2,301,38950,40,5,5,2AF1,-97,-12,-66,150,24,40,-,40',
            '+QENG:"NR5G-NSA",460,01,88,-101,9,-13,627264,78,12,1',
        ]
    )
    assert [(cell.state, cell.radio, cell.network, cell.band) for cell in cells] == [
        ("CONNECT", "LTE", "01", "40"),
        ("CONNECT", "NR", "01", "78"),
    ]
    assert levels(cells[0]) == {"RSSI": -66, "RSRP": -97, "RSRQ": -12, "SINR": 10}
    assert levels(cells[1]) == {"RSRP": -101, "SINR": 9, "RSRQ": -13}


@pytest.mark.parametrize(
    ("line", "radio", "channel", "told"),
    [
        (
            '+QENG: "servingcell","NOCONN","NR5G-SA","TDD",460,00,9013B004,299,690E0F,633984,78,12,-107,-13,2,1,-',
            "NR",
            633984,
            {"RSRP": -107, "RSRQ": -13, "SINR": 2},
        ),
        (
            '+QENG: "servingcell","NOCONN","WCDMA",460,01,DEA6,2883C,10713,84,254,-98,-7,-,-,-,-,-',
            "WCDMA",
            10713,
            {"RSCP": -98, "Ec/No": -7},
        ),
        ('+QENG: "servingcell","LIMSRV","GSM",460,00,2BC6,162C,58,40,-,-81,255,255', "GSM", 40, {"RSSI": -81}),
        (
            '+QENG: "servingcell","NOCONN","CAT-M","FDD",262,03,2FAA03,187,6200,20,3,3,2AFB,-105,-11,-76,195,-',
            "LTE",
            6200,
            {"RSRP": -105, "RSRQ": -11, "RSSI": -76, "SINR": 19},
        ),
        ('+QENG: "servingcell","CONNECT","LTE","TDD",460,00,A1,7,65535,-,5,5,10,-32768,-,,65535,-', "LTE", None, {}),
    ],
)
def test_every_radio_has_its_own_layout_and_markers_are_no_levels(
    line: str, radio: str, channel: int | None, told: dict[str, float]
) -> None:
    (cell,) = parse_serving_cells([line])
    assert (cell.radio, cell.channel, levels(cell)) == (radio, channel, told)


@pytest.mark.parametrize("line", ['+QENG: "servingcell","SEARCH"', '+QENG: "servingcell","SEARCH","UNKNOWN",1'])
def test_while_searching_there_is_a_state_at_most(line: str) -> None:
    assert all(cell.radio is None and cell.signal is None for cell in parse_serving_cells([line]))


@pytest.mark.parametrize(
    "line", [LTE.replace("460,00", "46000"), LTE.replace("460,00", "460,,00"), LTE.replace('"FDD",', '"FDD"')]
)
def test_a_cell_with_a_comma_lost_or_too_many_tells_no_level(line: str) -> None:
    (cell,) = parse_serving_cells([line])
    assert (cell.state, cell.radio, cell.country, levels(cell)) == ("NOCONN", "LTE", None, {})
    assert cell.signal is not None
    assert cell.signal.oddities == ("values are out of place",)


def test_neighbours_are_counted_and_are_no_serving_cells() -> None:
    lines = [
        '+QENG: "neighbourcell intra","LTE",38950,276,-3,-88,-65,0,37,7,16,6,44',
        '+QENG: "neighbourcell inter","LTE",39148,-,-,-,-,-,37,0,30,7',
        '+QENG: "neighbourcell"',
    ]
    assert count_neighbours(lines) == 2
    assert parse_serving_cells(lines) == ()


def test_a_sinr_that_may_be_on_two_scales_is_called_odd() -> None:
    (cell,) = parse_serving_cells([LTE.replace("140,30", "11,30")])
    assert cell.signal is not None
    assert cell.signal.sinr_db == 11
    assert cell.signal.oddities


@given(
    st.integers(-140, -44),
    st.integers(-20, -3),
    st.integers(-110, -30),
    st.integers(31, 250),
    st.sampled_from(["00", "01", "001", "99"]),
    st.integers(0, 503),
)
def test_every_lte_cell_is_read_as_it_was_built(
    rsrp: int, rsrq: int, rssi: int, sinr: int, network: str, physical: int
) -> None:
    signal = Signal("+QENG", "LTE", rssi_dbm=rssi, rsrp_dbm=rsrp, rsrq_db=rsrq, sinr_db=round(sinr / 5 - 20, 1))
    cell = ServingCell("+QENG", "CONNECT", "LTE", "TDD", "460", network, "AB", "C0FFEE", physical, 38950, "40", signal)
    assert parse_serving_cells([build_serving_lte(cell, sinr)]) == (cell,)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('+QNWINFO: "FDD LTE","46000","LTE BAND 3",1650', NetworkInUse("FDD LTE", "46000", "3", 1650)),
        ('+QNWINFO: "TDD NR5G","46011","NR5G BAND 78",627264', NetworkInUse("TDD NR5G", "46011", "78", 627264)),
        ('+QNWINFO: "EDGE",46000,"GSM 900",21', NetworkInUse("EDGE", "46000", "GSM 900", 21)),
        ("+QNWINFO: No Service", NetworkInUse()),
        ('+QNWINFO: "No Service"', NetworkInUse()),
        ("+QNWINFO:", None),
    ],
)
def test_the_network_in_use(line: str, found: NetworkInUse | None) -> None:
    assert parse_network_in_use(line) == found


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        (
            '+QCSQ: "LTE",-63,-92,159,-9',
            Signal("+QCSQ", "LTE", rssi_dbm=-63.0, rsrp_dbm=-92.0, rsrq_db=-9.0, sinr_db=11.8),
        ),
        ('+QCSQ: "NR5G",-75,4,-11', Signal("+QCSQ", "NR", rsrp_dbm=-75.0, rsrq_db=-11.0, sinr_db=4.0)),
        ('+QCSQ: "WCDMA",-70,-80,-6', Signal("+QCSQ", "WCDMA", rssi_dbm=-70.0, rscp_dbm=-80.0, ecno_db=-6.0)),
        ('+QCSQ: "GSM",-71', Signal("+QCSQ", "GSM", rssi_dbm=-71.0)),
        ('+QCSQ: "NOSERVICE"', Signal("+QCSQ")),
        ("+QCSQ:", None),
    ],
)
def test_qcsq(line: str, signal: Signal | None) -> None:
    assert parse_qcsq(line) == signal


@pytest.mark.parametrize(
    ("line", "place", "told"),
    [
        (
            "+CPSI: LTE,Online,460-01,0x10F2,187214780,257,EUTRAN-BAND3,1850,5,5,-94,-850,-545,15",
            ("LTE", "01", "10F2", "B28ABBC", 257, 1850, "3"),
            {"RSRQ": -9.4, "RSRP": -85, "RSSI": -54.5, "SINR": 15},
        ),
        (
            "+CPSI: LTE,Online,460-00,0x1,1,1,EUTRAN-BAND40,38950,5,5,-11,-101,-70,7",
            ("LTE", "00", "1", "1", 1, 38950, "40"),
            {"RSRQ": -11, "RSRP": -101, "RSSI": -70, "SINR": 7},
        ),
        (
            "+CPSI: LTE,Online,460-11,0x774B,126375687,303,EUTRAN-BAND1,100,5,0,12,36,42,5",
            ("LTE", "11", "774B", "7885707", 303, 100, "1"),
            {"RSRQ": -14, "RSRP": -105, "SINR": 5},
        ),
        (
            "+CPSI: NR5G_SA,Online,460-00,0x1A2B3C,9876543210,88,NR5G_BAND78,627264,-1005,-115,65",
            ("NR", "00", "1A2B3C", "24CB016EA", 88, 627264, "78"),
            {"RSRP": -100.5, "RSRQ": -11.5, "SINR": 6.5},
        ),
        (
            "+CPSI: NR5G_NSA,644,NR5G_BAND78,627264,-960,-120,95",
            ("NR", None, None, None, 644, 627264, "78"),
            {"RSRP": -96, "RSRQ": -12, "SINR": 9.5},
        ),
        (
            "+CPSI: NR5G,58,NR5G_BAND78,643296,-12,-86,8.5",
            ("NR", None, None, None, 58, 643296, "78"),
            {"RSRP": -86, "RSRQ": -12, "SINR": 8.5},
        ),
        (
            "+CPSI: WCDMA,Online,460-01,0xA809,11122855,WCDMA IMT 2000,279,10663,0,1.5,62,33,52,500",
            ("WCDMA", "01", "A809", "A9B8A7", 279, 10663, "WCDMA IMT 2000"),
            {"RSCP": -62, "Ec/No": -1.5},
        ),
        (
            "+CPSI: GSM,Online,460-00,0x1816,63905,81 EGSM 900,-64,2110,42-42",
            ("GSM", "00", "1816", "F9A1", None, 81, "EGSM 900"),
            {"RSSI": -64},
        ),
        ("+CPSI: GSM,Online,460-00,0x1,2,DCS 1800,-64", ("GSM", "00", "1", "2", None, None, "DCS 1800"), {"RSSI": -64}),
        (
            "+CPSI: LTE,Online,460-00,0x230B,175499524,318,EUTRAN-BAND3,1650,5,0,255,255,255,255",
            ("LTE", "00", "230B", "A75E904", 318, 1650, "3"),
            {},
        ),
        (
            "+CPSI: NR5G_NSA,Online,460-01,644,NR5G_BAND78,627264,-960,-120,95",
            ("NR", None, None, None, 644, 627264, "78"),
            {"RSRP": -96, "RSRQ": -12, "SINR": 9.5},
        ),
        ("+CPSI: LTE,Online,460-01", ("LTE", "01", None, None, None, None, None), {}),
    ],
)
def test_cells_of_simcom_in_every_scale(line: str, place: tuple[object, ...], told: dict[str, float]) -> None:
    cell = parse_cpsi(line)
    assert cell is not None
    got = (cell.radio, cell.network, cell.area, cell.cell, cell.physical_cell, cell.channel, cell.band)
    assert got == place
    assert levels(cell) == told


def test_simcom_without_service() -> None:
    assert parse_cpsi("+CPSI: NO SERVICE,Online") == ServingCell("+CPSI", "NO SERVICE")
    assert parse_cpsi("+CPSI:") is None


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        (
            '^HCSQ: "LTE",54,51,224,26',
            Signal("^HCSQ", "LTE", rssi_dbm=-67.0, rsrp_dbm=-90.0, rsrq_db=-7.0, sinr_db=24.6),
        ),
        ('^HCSQ:"WCDMA",30,30,58', Signal("^HCSQ", "WCDMA", rssi_dbm=-91.0, rscp_dbm=-91.0, ecno_db=-3.5)),
        ('^HCSQ:"GSM",36', Signal("^HCSQ", "GSM", rssi_dbm=-85.0)),
        ('^HCSQ: "NR",58,165,22', Signal("^HCSQ", "NR", rsrp_dbm=-83.0, rsrq_db=-9.0, sinr_db=12.8)),
        (
            '^HCSQ: 0,1,"LTE",255,51,255,65535',
            Signal("^HCSQ", "LTE", rsrp_dbm=-90.0, unknown=(SignalKind.RSSI, SignalKind.SINR, SignalKind.RSRQ)),
        ),
        ('^HCSQ:"NOSERVICE"', Signal("^HCSQ")),
        ("^HCSQ:", None),
    ],
)
def test_hcsq(line: str, signal: Signal | None) -> None:
    assert parse_hcsq(line) == signal


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('^SYSINFOEX:2,3,0,1,,6,"LTE",101,"LTE"', SystemState("^SYSINFOEX", 2, 3, 0, 6, 1, 101)),
        ("^SYSINFOEX: 2,4,5,1,0,3,WCDMA,41,HSPA+", SystemState("^SYSINFOEX", 2, 4, 5, 3, 1, 41)),
        ("^SYSINFO:2,3,0,5,1,,4", SystemState("^SYSINFO", 2, 3, 0, 5, 1, 4)),
        ("^SYSINFO: 0,0,0,0,255", SystemState("^SYSINFO", 0, 0, 0, 0, 255)),
        ("^SYSINFO:", None),
    ],
)
def test_system_state_of_huawei(line: str, found: SystemState | None) -> None:
    assert parse_system_state(line) == found


UCGED = "2525,5,50,50,e8fe,1a2d001,1,d60814d1,8001,01,28,31,13.75,3,1,10,28,-50,-6,0,255,255,0"


def test_the_cell_of_ublox() -> None:
    cell = parse_ucged(["+UCGED: 2", "6,4,001,01", UCGED])
    assert levels(cell) == {"RSRP": -113, "RSRQ": -4.5, "SINR": 13.75}
    assert cell is not None
    assert (cell.country, cell.network, cell.area, cell.cell, cell.channel, cell.band) == (
        *("001", "01", "E8FE", "1A2D001", 2525, "5"),
    )
    nothing = parse_ucged(["+UCGED: 2", "6,2,fff,fff", "65535,255,255,255,ffff,0,65535,0,ff,ff,255,255,255,1,255"])
    assert levels(nothing) == {}
    assert nothing is not None
    assert (nothing.state, nothing.band, nothing.channel) == (None, None, None)
    assert parse_ucged(["+UCGED: 2", "6,4,001,01"]) is None


def test_the_cell_of_ublox_by_its_levels_alone() -> None:
    cell = parse_ucged(["+UCGED: 5", '+RSRP: 162,5110,"-075.00",', '+RSRQ: 162,5110,"-14.20",', '+RSRP: 9,1,"-99.00",'])
    assert levels(cell) == {"RSRP": -75, "RSRQ": -14.2}
    assert cell is not None
    assert (cell.radio, cell.physical_cell, cell.channel) == ("LTE", 162, 5110)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("+QRSRP: -92,-94,-32768,-32768,LTE", AntennaLevels(SignalKind.RSRP, (-92.0, -94.0, None, None), "LTE")),
        ('+QRSRQ:-10,-11,-12,-13,"NR5G"', AntennaLevels(SignalKind.RSRQ, (-10.0, -11.0, -12.0, -13.0), "NR")),
        ("+QSINR: 12,-,200", AntennaLevels(SignalKind.SINR, (12.0, None, None))),
        ("+QRSRP: -92,-94,LTE", AntennaLevels(SignalKind.RSRP, (-92.0, -94.0), "LTE")),
        ("+QRSRP:", None),
        ("+CSQ: 20,99", None),
    ],
)
def test_the_levels_of_each_antenna(line: str, found: AntennaLevels | None) -> None:
    assert parse_antenna_levels(line) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            '+QENG: "neighbourcell intra","LTE",38950,276,-3,-88,-65,0,37,7,16,6,44',
            Neighbour("LTE", "intra", 38950, 276, Signal("+QENG", "LTE", rssi_dbm=-65.0, rsrp_dbm=-88.0, rsrq_db=-3.0)),
        ),
        (
            '+QENG: "neighbourcell inter","LTE",39148,-,-,-,-,-,37,0,30,7',
            Neighbour(
                *("LTE", "inter", 39148, None),
                Signal("+QENG", "LTE", unknown=(SignalKind.RSRP, SignalKind.RSRQ, SignalKind.RSSI)),
            ),
        ),
        ('+QENG: "neighbourcell","WCDMA",10713,0,14,62,84,-1070,-190,10', Neighbour("WCDMA", "", 10713)),
        (
            '+QENG: "neighbourcell intra","LTE",1650,77,-95,-11,40,12',
            Neighbour("LTE", "intra", 1650, 77, Signal("+QENG", "LTE", rsrp_dbm=-95.0, rsrq_db=-11.0)),
        ),
        (
            '+QENG: "neighbourcell","NR5G",627264,123,-96,-12,15',
            Neighbour("NR", "", 627264, 123, Signal("+QENG", "NR", rsrp_dbm=-96.0, rsrq_db=-12.0, sinr_db=15.0)),
        ),
        (
            '+QENG: "neighbourcell","NR",300,-12,-96,-32768',
            Neighbour(
                *("NR", "", None, 300),
                Signal("+QENG", "NR", rsrp_dbm=-96.0, rsrq_db=-12.0, unknown=(SignalKind.SINR,)),
            ),
        ),
        ('+QENG: "neighbourcell","GSM"', Neighbour("GSM")),
        ('+QENG: "neighbourcell","XX",1', None),
        (LTE, None),
        ("+QENG:", None),
    ],
)
def test_a_neighbour_with_its_levels(line: str, found: Neighbour | None) -> None:
    assert parse_neighbour(line) == found


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("^MODE:5,4", (5, 4)),
        ("+UPSV: 0", (0,)),
        ("+URAT: 3,2", (3, 2)),
        ("^CURC: 1", (1,)),
        ("+UPSV: x", ()),
        ("^M:", ()),
    ],
)
def test_settings_that_are_numbers_alone(line: str, numbers: tuple[int, ...]) -> None:
    assert parse_numbers(line) == numbers


@pytest.mark.parametrize(
    ("line", "mode"),
    [("+CNSMOD: 0,8", 8), ("+CNSMOD: 8", 8), ("+UREG: 1,7", 7), ("+UREG: 1,2,3", None), ("+UREG:", None)],
)
def test_the_mode_in_use(line: str, mode: int | None) -> None:
    assert parse_mode_in_use(line) == mode


@given(st.text(max_size=120))
def test_any_text_is_a_cell_within_bounds_or_none(text: str) -> None:
    cells = [*parse_serving_cells([f"+QENG: {text}", f'+QENG: "servingcell","X","LTE",{text}'])]
    cells += [cell for cell in (parse_cpsi(f"+CPSI: {text}"), parse_cpsi(f"+CPSI: LTE,{text}")) if cell]
    parse_ucged([text, f"6,4,460,00{text}", text * 3])
    parse_system_state(f"^SYSINFOEX:{text}")
    parse_network_in_use(f"+QNWINFO: {text}")
    signals = [parse_hcsq(f'^HCSQ: "LTE",{text}'), parse_qcsq(f'+QCSQ: "LTE",{text}')]
    for signal in [*signals, *(cell.signal for cell in cells)]:
        assert signal is None or signal.rsrp_dbm is None or -157 <= signal.rsrp_dbm <= -29
    assert all(len(cell.cell or "") <= 11 and len(cell.band or "") <= 20 for cell in cells)
