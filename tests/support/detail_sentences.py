"""Every English sentence in the code that can become the detail of an evidence, with ``{}`` where a value stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "device/selftest",
    "device/drivers",
    "device/app",
    "device/store",
    "device/ports",
    "native",
    "device/trend.py",
)
_SENTENCE = re.compile(r"[A-Z{].* .*[.]")


def detail_sentences() -> Iterator[tuple[str, str]]:
    """(file, sentence), docstrings and log lines left out."""
    for place in PLACES:
        path = ROOT / place
        for file in [path] if path.is_file() else sorted(path.glob("*.py")):
            tree = ast.parse(file.read_text())
            docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in ast.walk(tree):
                if id(node) in docs or id(node) in inner:
                    continue
                text = _text_of(node)
                if text and _SENTENCE.fullmatch(text) and "\n" not in text:
                    yield str(file.relative_to(ROOT)), text


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""
