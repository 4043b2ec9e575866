"""Modules of the standard library that others import at their top for rare calls: here loaded at the first such call.

:class:`importlib.util.LazyLoader` would load them at the second ``import`` already (Python 3.11, gh-117178).
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """Stands for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        """Only for what is not there yet: load the real module and hold all that it has."""
        if name.startswith("__"):  # what the import system looks at is no use of it
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        vars(self).update(vars(module))
        return getattr(module, name)


def defer(*names: str) -> None:
    """Have these modules loaded when something of them is first used; call it before anything imports them."""
    for name in names:
        sys.modules.setdefault(name, _Deferred(name))
