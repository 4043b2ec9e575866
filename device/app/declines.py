"""From an exchange to a diagnosis: takes the freeze frame, asks the engine, keeps both."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from device.app.evidence_cache import EvidenceCache
from device.app.journal import note
from device.diagnosis.diagnosis_json import diagnosis_to_json
from device.diagnosis.engine import diagnose
from device.diagnosis.knowledge import Knowledge
from device.diagnosis.verdict import Diagnosis, Verdict
from device.evidence import WINDOW_S, Exchange, FreezeFrame, PastSale, TerminalProfile
from device.freeze_frame import frame_to_json
from device.store.store import Store


@dataclass(frozen=True, slots=True)
class Decline:
    """One exchange with its judgement; ``number`` is its place in the store (None: could not be kept)."""

    frame: FreezeFrame
    diagnosis: Diagnosis
    number: int | None

    @property
    def declined(self) -> bool:
        """Anything but an approval."""
        return self.diagnosis.verdict is not Verdict.APPROVED


class Declines:
    """Judges each exchange with what is known at that moment, and again when newer evidence has come."""

    def __init__(
        self,
        store: Store,
        cache: EvidenceCache,
        profile: Callable[[], TerminalProfile],
        software: str,
    ) -> None:
        self._store = store
        self._cache = cache
        self._profile = profile
        self._software = software

    def take(self, exchange: Exchange, history: tuple[PastSale, ...], knowledge: Knowledge) -> Decline:
        """Judge one exchange against the sales before it (newest first) and keep it; a decline with its frame."""
        frame = FreezeFrame(
            taken_at=datetime.now().astimezone().isoformat(timespec="seconds"),
            exchange=exchange,
            history=history,
            profile=self._profile(),
            evidence=self._cache.snapshot(),
            window_s=WINDOW_S,
            software=self._software,
        )
        self._store.add_exchange(exchange, frame.profile.country if frame.profile.verified else None)
        diagnosis = diagnose(frame, knowledge)
        decline = Decline(frame, diagnosis, None)
        if decline.declined:
            decline = dataclasses.replace(decline, number=self._store.declines.add(*_as_text(frame, diagnosis)))
        note("diagnosis", code=exchange.code or "none", verdict=diagnosis.verdict, addressee=diagnosis.addressee)
        return decline

    def revise(self, decline: Decline, knowledge: Knowledge) -> Decline:
        """Judge the same exchange with the evidence of now; the kept frame is replaced by this one."""
        frame = dataclasses.replace(decline.frame, evidence=self._cache.snapshot(), profile=self._profile())
        diagnosis = diagnose(frame, knowledge)
        if decline.number is not None:
            self._store.declines.revise(decline.number, *_as_text(frame, diagnosis))
        return Decline(frame, diagnosis, decline.number)


def _as_text(frame: FreezeFrame, diagnosis: Diagnosis) -> tuple[str, str]:
    return (
        json.dumps(frame_to_json(frame), ensure_ascii=False),
        json.dumps(diagnosis_to_json(diagnosis), ensure_ascii=False),
    )
