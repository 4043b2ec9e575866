"""The store: nothing acknowledged is lost, nothing grows for ever, and no disk stops the service."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support.clocks import HandClock

from device.evidence import (
    CardFacts,
    EntryMode,
    Evidence,
    Exchange,
    MacVerdict,
    Match,
    Outcome,
    PastSale,
)
from device.store import declines as declines_module
from device.store.database import MOST_BYTES, StoreError, open_file
from device.store.declines import MOST_DECLINES
from device.store.store import MOST_SALES, Store

WINDOW_S = 1800.0
CARD = CardFacts("token-a", bin_group="bank-a", scheme="unionpay", issuer_country="0840", terminal_country="156")


def sale(code: str | None = "62", card: CardFacts = CARD) -> Exchange:
    return Exchange(code, "unionpay", MacVerdict.VERIFIED, Match.MATCHED, EntryMode.CHIP, card=card)


def diagnosis(code: str | None = "62") -> str:
    return json.dumps(
        {"code": code, "host": "unionpay", "verdict": "card", "addressee": "issuer", "short_code": "62-X"}
    )


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "posmedic.db"


def test_a_sale_comes_back_as_it_was_with_its_age(path: Path, clock: HandClock) -> None:
    store = Store(path, clock)
    store.add_exchange(sale())
    clock.pass_s(12.5)
    assert store.recent_sales(WINDOW_S) == (
        PastSale(12.5, "62", MacVerdict.VERIFIED, EntryMode.CHIP, "token-a", "bank-a", "unionpay", True),
    )


@pytest.mark.parametrize(
    ("issuer", "terminal", "here", "foreign"),
    [
        *(("156", "0156", None, False), ("840", "156", None, True), (None, "156", None, None)),
        *(
            ("840", None, None, None),
            ("840", None, "156", True),
            ("156", None, "156", False),
            ("840", "840", "156", False),
        ),
    ],
)
def test_foreign_is_told_only_where_both_countries_are_known(
    path: Path, issuer: str | None, terminal: str | None, here: str | None, foreign: bool | None
) -> None:
    store = Store(path)
    store.add_exchange(sale(card=CardFacts(issuer_country=issuer, terminal_country=terminal)), here)
    assert [past.foreign for past in store.recent_sales(WINDOW_S)] == [foreign]


def test_newest_sales_come_first_and_old_ones_leave_the_window(path: Path, clock: HandClock) -> None:
    store = Store(path, clock)
    for code in ("00", "51", "62"):
        store.add_exchange(sale(code))
        clock.pass_s(1000)
    assert [past.code for past in store.recent_sales(WINDOW_S)] == ["62"]
    assert [past.code for past in store.recent_sales(2000)] == ["62", "51"]


@pytest.mark.parametrize("jump_s", [86400 * 400, -86400 * 400])
def test_a_jump_of_the_wall_clock_changes_no_age_of_this_boot(path: Path, clock: HandClock, jump_s: float) -> None:
    store = Store(path, clock)
    store.add_exchange(sale("51"))
    clock.wall += jump_s
    clock.seconds += 60
    store.add_exchange(sale("62"))
    assert [(past.code, past.age_s) for past in store.recent_sales(WINDOW_S)] == [("62", 0.0), ("51", 60.0)]


def test_a_sale_survives_a_restart_of_the_machine(path: Path, clock: HandClock) -> None:
    first = Store(path, clock)
    first.add_exchange(sale())
    first.close()
    clock.restart("boot-2", off_s=90)
    assert [past.age_s for past in Store(path, clock).recent_sales(WINDOW_S)] == [90.0]


@pytest.mark.parametrize("off_s", [-3600.0, 86400.0])
def test_a_sale_of_another_boot_without_a_plausible_age_is_left_out(path: Path, clock: HandClock, off_s: float) -> None:
    first = Store(path, clock)
    first.add_exchange(sale())
    first.close()
    clock.restart("boot-2", off_s)
    assert Store(path, clock).recent_sales(WINDOW_S) == ()


def test_declines_come_back_newest_first_and_can_be_revised(path: Path, clock: HandClock) -> None:
    store = Store(path, clock)
    first, second = store.declines.add('{"n":1}', diagnosis()), store.declines.add('{"n":2}', diagnosis("51"))
    store.declines.revise(first, '{"n":11}', diagnosis())
    found = store.declines.last()
    assert [(item.number, item.code, item.frame_json) for item in found] == [
        (second, "51", '{"n":2}'),
        (first, "62", '{"n":11}'),
    ]
    assert found[0].at.timestamp() == clock.wall
    assert [item.number for item in store.declines.last(1)] == [second]


def test_what_was_known_at_a_decline_stays_beside_what_the_test_after_it_found(path: Path) -> None:
    store = Store(path)
    rows = [{"id": f"a.{n}", "outcome": "pass", "value": n, "reason": ""} for n in range(3)]
    number = store.declines.add(json.dumps({"evidence": rows}), diagnosis())
    changed = [rows[0], {**rows[1], "outcome": "fail"}, {**rows[2], "value": 9}]
    store.declines.revise(number, json.dumps({"evidence": changed}), diagnosis())
    store.declines.revise(number, json.dumps({"evidence": rows}), diagnosis())
    assert store.declines.evidence_before(number) == rows[1:]
    assert store.declines.evidence_before(number + 1) == []


def test_when_something_happened_last_is_known_across_a_restart_but_not_by_a_wrong_clock(
    path: Path, clock: HandClock
) -> None:
    store = Store(path, clock)
    assert store.seconds_since("night") is None
    store.mark("night")
    clock.wall -= 86400 * 365
    clock.seconds += 30
    assert store.seconds_since("night") == 30
    clock.wall += 86400 * 365 + 30
    clock.restart("boot-2", off_s=40)
    assert store.seconds_since("night") == 70
    clock.wall -= 86400
    assert store.seconds_since("night") is None


def fault(outcome: Outcome, reason: str = "") -> Evidence:
    return Evidence("modem.signal", outcome, -110, "dBm", ">= -95", reason)


def test_a_fault_keeps_first_and_last_time_and_count_and_ends_when_it_passes(path: Path, clock: HandClock) -> None:
    store = Store(path, clock)
    began = clock.wall
    for outcome in (Outcome.FAIL, Outcome.NOT_RUN, Outcome.ERROR):
        store.note_evidence([fault(outcome)])
        clock.pass_s(100)
    (found,) = store.faults()
    assert (found.count, found.active, found.outcome, found.value) == (2, True, Outcome.ERROR, "-110")
    assert (found.first_seen.timestamp(), found.last_seen.timestamp()) == (began, began + 200)
    store.note_evidence([fault(Outcome.PASS)])
    (found,) = store.faults()
    assert (found.count, found.active) == (2, False)


def test_what_never_failed_is_no_fault(path: Path) -> None:
    store = Store(path)
    store.note_evidence([fault(Outcome.PASS), fault(Outcome.NOT_RUN), fault(Outcome.MARGINAL)])
    assert store.faults() == ()


def test_the_last_time_seen_is_the_latest_written_so_a_wrong_clock_heals(path: Path, clock: HandClock) -> None:
    store = Store(path, clock)
    assert store.last_time_seen() is None
    right = clock.wall
    clock.wall = right + 86400 * 3650
    store.add_exchange(sale())
    clock.wall = right
    store.add_exchange(sale())
    seen = store.last_time_seen()
    assert seen is not None
    assert seen.timestamp() == right


def test_history_counts_codes_even_after_their_frames_were_pruned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declines_module, "MOST_DECLINES", 2)
    store = Store(path)
    for _ in range(5):
        store.declines.add("{}", diagnosis())
    store.declines.add("{}", diagnosis(None))
    store.note_evidence([fault(Outcome.FAIL, "outside_limit")])
    history = json.loads(json.dumps(store.history()))
    assert {row["code"]: row["count"] for row in history["codes"]} == {"62": 5, None: 1}
    assert len(history["declines"]) == 2
    assert history["declines"][0]["short_code"] == "62-X"
    assert history["faults"][0]["reason"] == "outside_limit"
    assert history["kept"] == "ok"


def test_sales_and_declines_are_bounded_in_rows(path: Path, clock: HandClock) -> None:
    store = Store(path, clock)
    for number in range(MOST_SALES + 20):
        store._safe._database.execute(  # straight in, so that two thousand synchronised writes are spared
            "INSERT INTO sale (entry_mode, mac, match, stored, test_card, boot_id, monotonic_s, wall_s)"
            " VALUES ('chip','verified','matched',0,0,'boot-1',?,0)",
            (900 + number / 1000,),
        )
    store.add_exchange(sale())
    assert len(store.recent_sales(1e9)) == MOST_SALES
    for number in range(MOST_DECLINES + 5):
        store._safe._database.execute("INSERT INTO decline VALUES (NULL,'62',?,'{}','{}',4)", (number,))
    newest = store.declines.add("{}", diagnosis())
    assert len(store.declines.last(10000)) == MOST_DECLINES
    assert store.declines.last(1)[0].number == newest


def test_declines_are_bounded_in_bytes_and_the_newest_always_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declines_module, "MOST_DECLINE_BYTES", 100_000)
    store = Store(path)
    for _ in range(60):
        store.declines.add(json.dumps("x" * 30_000), diagnosis())
    assert len(store.declines.last()) == 3
    store.declines.add(json.dumps("y" * 300_000), diagnosis())
    assert len(store.declines.last()) == 1
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < 4_000_000


def test_tokens_of_yesterday_are_gone_from_the_file(path: Path, clock: HandClock) -> None:
    store = Store(path, clock)
    store.add_exchange(sale(card=CardFacts("token-of-yesterday")))
    clock.pass_s(86400 + 60)
    store.add_exchange(sale())
    assert [past.token for past in store.recent_sales(1e9)] == ["token-a"]
    store.close()
    assert b"token-of-yesterday" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_no_card_number_reaches_the_files_and_only_the_owner_may_read_them(path: Path) -> None:
    store = Store(path)
    store.add_exchange(sale())
    store.declines.add("{}", diagnosis())
    store.note_evidence([fault(Outcome.FAIL)])
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"token-a" in written  # the search does look where records are
    for secret in (b"6200000000000005", bytes.fromhex("6200000000000005"), b"=2512"):
        assert secret not in written
    assert {file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {0}


def test_a_newer_version_of_the_file_is_still_read_and_written(path: Path) -> None:
    first = Store(path)
    first.add_exchange(sale("51"))
    first.close()
    newer = sqlite3.connect(path)
    newer.executescript(
        "ALTER TABLE sale ADD COLUMN amount_class TEXT DEFAULT 'unknown'; ALTER TABLE fault ADD COLUMN x INTEGER;"
        "CREATE TABLE baseline (id INTEGER); PRAGMA user_version = 7;"
    )
    newer.close()
    store = Store(path)
    store.add_exchange(sale("62"))
    store.note_evidence([fault(Outcome.FAIL)])
    assert [past.code for past in store.recent_sales(WINDOW_S)] == ["62", "51"]
    assert (store.degraded, store.set_aside) == (None, None)
    store.close()
    again = sqlite3.connect(path)
    assert again.execute("PRAGMA user_version").fetchone() == (7,)
    again.close()


@pytest.mark.parametrize("damage", ["all", "middle", "empty_header"])
def test_a_damaged_file_is_set_aside_and_a_fresh_one_begun(path: Path, damage: str) -> None:
    first = Store(path)
    for _ in range(30):
        first.declines.add(json.dumps("x" * 3000), diagnosis())
    first.close()
    data = bytearray(path.read_bytes())
    if damage == "all":
        data = bytearray(os.urandom(len(data)))
    elif damage == "middle":
        data[4096 * 2 : 4096 * 12] = os.urandom(4096 * 10)
    else:
        data[:100] = bytes(100)
    path.write_bytes(data)
    store = Store(path)
    assert store.set_aside == path.with_name("posmedic.db.corrupt-1")
    assert store.set_aside.read_bytes() == data
    assert store.degraded is None
    store.add_exchange(sale())
    store.close()
    assert len(Store(path).recent_sales(WINDOW_S)) == 1


def test_damaged_files_do_not_pile_up(path: Path) -> None:
    path.parent.mkdir()
    for _ in range(6):
        path.write_bytes(b"this is no database, whatever else it may be" * 99)
        Store(path).close()
    assert len(list(path.parent.glob("*.corrupt-*"))) == 3


@pytest.mark.parametrize("where", ["/proc/1/posmedic/a.db", "/dev/null/a.db"])
def test_a_folder_that_cannot_be_used_means_memory_and_a_plain_sentence(where: str) -> None:
    store = Store(Path(where))
    store.add_exchange(sale())
    number = store.declines.add("{}", diagnosis())
    assert len(store.recent_sales(WINDOW_S)) == 1
    assert store.declines.last()[0].number == number
    assert store.degraded is not None
    assert store.degraded.startswith(f"{where} cannot be opened: ")
    assert store.history()["kept"] == store.degraded


def test_a_second_service_is_told_that_the_file_is_held(path: Path) -> None:
    holder = Store(path)
    holder.add_exchange(sale())
    code = (
        "import sys; from pathlib import Path; from device.store.store import Store;"
        "print(Store(Path(sys.argv[1])).degraded)"
    )
    found = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert "Another process holds" in found.stdout
    assert len(holder.recent_sales(WINDOW_S)) == 1


_FULL = """
import json, sys
from pathlib import Path
from device.store.store import Store
sys.path.insert(0, "tests")
from support.clocks import HandClock
from unit.test_store import sale, diagnosis
folder = Path("{folder}")
clock = HandClock()
store = Store(folder / "a.db", clock)
kept = store.declines.add("{{}}", diagnosis())
(folder / "fill").write_bytes(b"")
with (folder / "fill").open("wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError:
        pass
for _ in range(40):
    store.declines.add(json.dumps("x" * 20000), diagnosis())
full = store.degraded
first = len(store.declines.last()), store.declines.last()[-1].number == kept
(folder / "fill").unlink()
clock.pass_s(61)
store.add_exchange(sale())
healed = store.degraded
store.close()
again = Store(folder / "a.db", clock)
print(json.dumps([full, first, healed, len(again.declines.last()), again.declines.last()[-1].number == kept]))
"""


def test_a_full_disk_means_memory_and_room_again_brings_everything_back_to_the_file(tmp_path: Path) -> None:
    inside = f"mount -t tmpfs -o size=4m none {tmp_path} && exec {sys.executable} -c '{_FULL.format(folder=tmp_path)}'"
    found = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inside],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": "tests:."},
    )
    if found.returncode != 0 and "Traceback" not in found.stderr:
        pytest.skip(f"this machine allows no mounts: {found.stderr.strip()}")
    full, first, healed, again, kept = json.loads(found.stdout or "null") or pytest.fail(found.stderr)
    assert full.startswith("Storage is full")
    assert first == [41, True]
    assert (healed, again, kept) == (None, 41, True)


_WRITER = """
import os, sys
from pathlib import Path
from device.store.store import Store
sys.path.insert(0, "tests")
from unit.test_store import sale, diagnosis
store = Store(Path(sys.argv[1]))
for number in range(10000):
    store.add_exchange(sale(str(number % 100).zfill(2)))
    kept = store.declines.add("{}", diagnosis())
    os.write(1, b"%d\\n" % kept)
"""


@pytest.mark.parametrize("after", [1, 2, 5, 9, 16, 30, 47, 80])
def test_what_was_acknowledged_is_there_after_a_kill(path: Path, after: int) -> None:
    environment = {**os.environ, "PYTHONPATH": "tests:."}
    command = [sys.executable, "-c", _WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
        assert writer.stdout is not None
        for _ in range(after):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read()
    acknowledged = after + rest.count(b"\n")
    store = Store(path)
    assert (store.degraded, store.set_aside) == (None, None)
    assert len(store.declines.last(100_000)) in (min(acknowledged, MOST_DECLINES), min(acknowledged + 1, MOST_DECLINES))
    assert len(store.recent_sales(WINDOW_S)) >= min(acknowledged, MOST_SALES)


def test_a_forked_worker_that_ends_leaves_the_file_locked_and_sound(path: Path) -> None:
    store = Store(path)
    store.add_exchange(sale())
    pid = os.fork()
    if pid == 0:
        os.closerange(3, 256)
        os._exit(0)
    os.waitpid(pid, 0)
    store.add_exchange(sale())
    test = (
        "import sys; from pathlib import Path; from device.store.database import open_file;open_file(Path(sys.argv[1]))"
    )
    found = subprocess.run([sys.executable, "-c", test, path], capture_output=True, text=True, check=False)
    assert "Another process holds" in found.stderr
    assert len(store.recent_sales(WINDOW_S)) == 2


def test_the_file_has_a_hard_upper_bound(path: Path) -> None:
    database = open_file(path)
    (pages,) = database.execute("PRAGMA max_page_count").fetchone()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    assert pages * size <= MOST_BYTES
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_errors_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be opened: .*\.$"):
        open_file(tmp_path / "file" / "a.db")
