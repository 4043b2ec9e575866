"""A payment client that holds every message of both directions against the published schema: for tests and simulations.

A message from the service that does not fit is an error at once. One to the service that the schema refuses must be
refused by the service as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError

from tools.payment_client import PaymentClient

_SCHEMA: Final = Path(__file__).resolve().parent.parent / "device/catalogue/host_socket.schema.json"


def _validator(side: str) -> Draft202012Validator:
    definitions = json.loads(_SCHEMA.read_text())["$defs"]
    return Draft202012Validator({"$ref": f"#/$defs/{side}", "$defs": definitions})


_TO_SERVICE: Final = _validator("to_service")
_FROM_SERVICE: Final = _validator("from_service")


class CheckedClient(PaymentClient):
    """Raises jsonschema.ValidationError where the schema is not true to what is sent."""

    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        self._said: dict[str, bool] = {}  # type of each message sent last -> did it fit?
        super().__init__(path, timeout_s)

    def say(self, kind: str, **values: object) -> None:
        """Send one message and remember whether the schema has it."""
        self._said[kind] = _TO_SERVICE.is_valid({"v": 1, "type": kind, **values})
        super().say(kind, **values)

    def received(self, message: dict[str, Any]) -> None:
        """Check what came, and that the service takes only what the schema has."""
        _FROM_SERVICE.validate(message)
        taken = {"welcome": "hello", "accepted": "exchange"}.get(message["type"], message.get("of", ""))
        if message["type"] in ("ok", "welcome", "accepted") and not self._said.get(taken, True):
            raise ValidationError(f"the service took a {taken} message that its schema refuses")
