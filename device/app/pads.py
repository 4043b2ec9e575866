"""Keys and touch while one of our pages is shown: which move a person makes with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from device.app.display import Shown
from device.app.journal import note
from device.loop import Loop
from device.outlets.screen.look import MOVES, Controls, move_at
from device.ports.input_port import InputPort, Tap
from device.settings_parts import InputSettings


class Pads:
    """All input devices of the settings; they are open only between ``listen(True)`` and ``listen(False)``."""

    def __init__(
        self,
        loop: Loop,
        inputs: Sequence[InputSettings],
        turn: Callable[[str], None],
        shown: Callable[[], Shown],
    ) -> None:
        self._turn = turn
        self._shown = shown
        self._told: set[str] = set()
        self._ports = [self._port(loop, settings) for settings in inputs]
        self.controls = _controls(inputs)

    def listen(self, shown: bool) -> None:
        """Open the devices when a page is shown, close them when none is: keys of a sale are not for our ears."""
        for port in self._ports:
            if shown:
                port.open()
            else:
                port.close()

    def _port(self, loop: Loop, settings: InputSettings) -> InputPort:
        moves = {code: move for move, codes in settings.keys.items() for code in codes}

        def press(code: int) -> None:
            if code in moves:
                self._turn(moves[code])

        def lost(reason: str) -> None:
            if str(settings.device) not in self._told:
                self._told.add(str(settings.device))
                note("input", device=settings.device.name, lost=reason)

        return InputPort(loop, settings.device, press, lambda tap: self._tapped(tap, settings), lost)

    def _tapped(self, tap: Tap, settings: InputSettings) -> None:
        """From the touch panel's axes to the picture's pixels."""
        shown = self._shown()
        sides = (shown.panel.width, shown.panel.height)
        raw, share = tap.raw, tap.share
        if settings.swap_axes:
            raw, share = (raw[1], raw[0]), (share[1], share[0])
        place = []
        for side, value, part, flip in zip(sides, raw, share, (settings.flip_x, settings.flip_y), strict=True):
            pixel = value if part is None else round(part * (side - 1))
            place.append(side - 1 - pixel if flip else pixel)
        self._turn(move_at(place[0], place[1], shown.panel, shown.bar))


def _controls(inputs: Sequence[InputSettings]) -> Controls | None:
    """The bar at the foot: of touch where there is a touch panel, else a reminder of the first keypad's keys."""
    if not inputs:
        return None
    if any(settings.touch for settings in inputs):
        return Controls(touch=True)
    captions = inputs[0].captions
    return Controls(touch=False, captions=tuple(captions[move] for move in MOVES))
