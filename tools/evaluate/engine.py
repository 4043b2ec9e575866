"""The product's own diagnosis as a judge: the built-in knowledge, no overlay."""

from __future__ import annotations

from functools import cache

from device.diagnosis.engine import diagnose
from device.diagnosis.knowledge import Knowledge, parse_knowledge
from device.evidence import FreezeFrame
from device.settings import LANGUAGES, read_catalogue, read_folder, read_texts
from tools.evaluate.baselines import Answer


def engine(frame: FreezeFrame) -> Answer:
    """What ``posmedic diagnose`` says of the frame."""
    said = diagnose(frame, _knowledge())
    causes = {cause.id: str(cause.state) for cause in said.causes}
    return Answer(str(said.verdict), str(said.addressee), causes, str(said.retry))


@cache
def _knowledge() -> Knowledge:
    texts = {language: read_texts(language) for language in LANGUAGES}
    return parse_knowledge(read_catalogue("causes.toml"), read_folder("hosts"), texts)
