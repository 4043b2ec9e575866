"""What public articles say of a code, item by item, and what is right and wrong about it: ``explain 62 --long``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from device.settings import CATALOGUE, LANGUAGES, read_catalogue
from device.table import Table

KINDS: Final = ("definition", "cause", "solution", "check", "prevention", "effect")
_JUDGEMENTS: Final = ("right", "partly", "wrong")
_WORDS: Final = {
    "zh": {
        "right": "对",
        "partly": "部分对",
        "wrong": "不对",
        "truth": "实际",
        "seen": "本终端能看到",
        "action": "怎么做",
    }
    | {
        "who": "谁处理",
        "checks": "有关的自检",
        "definition": "含义",
        "cause": "原因",
        "solution": "解决方法",
        "check": "检查",
    }
    | {"prevention": "预防", "effect": "影响", "claim": "文章说", "colon": "：", "comma": "、"},
    "en": {"right": "right", "partly": "partly right", "wrong": "wrong", "truth": "in truth"}
    | {"seen": "this terminal sees", "action": "what to do", "who": "who acts", "checks": "checks that bear on it"}
    | {
        "definition": "Meaning",
        "cause": "Causes",
        "solution": "Solutions",
        "check": "Checks",
        "prevention": "Prevention",
    }
    | {"effect": "Effects", "claim": "articles say", "colon": ": ", "comma": ", "},
}
_PARTS: Final = ("claim", "truth", "seen", "action")


@dataclass(frozen=True, slots=True)
class Item:
    """One statement of the articles. ``texts``: language -> claim, truth, seen, action. ``checks``: self-test facts."""

    id: str
    kind: str
    judgement: str
    who: str
    checks: tuple[str, ...]
    texts: Mapping[str, Mapping[str, str]]

    def as_json(self) -> dict[str, object]:
        """Plain values, both languages."""
        own = {"id": self.id, "kind": self.kind, "judgement": self.judgement, "who": self.who}
        texts = {part: {language: self.texts[language][part] for language in LANGUAGES} for part in _PARTS}
        return {**own, "checks": list(self.checks), **texts}


def read_article(code: str) -> tuple[Item, ...]:
    """The items about a code, () where no article is answered. Raises TableError where the file does not fit."""
    if not (CATALOGUE / "article" / f"{code}.toml").is_file():
        return ()
    root = read_catalogue(f"article/{code}.toml")
    root.text("source")
    items = tuple(_item(table) for table in root.tables("item", most=200))
    root.close()
    return items


def write_article(items: Sequence[Item], who: Mapping[str, str], names: Mapping[str, str], language: str) -> str:
    """The items as text, one paragraph each; ``who`` and ``names`` are the words of addressees and checks."""
    words = _WORDS[language]

    def line(word: str, text: str) -> str:
        return f"{words[word]}{words['colon']}{text}"

    lines: list[str] = []
    for kind in KINDS:
        found = [item for item in items if item.kind == kind]
        lines += ["", f"{words[kind]}"] if found else []
        for item in found:
            texts = item.texts[language]
            lines.append(f"  - {line('claim', texts['claim'])}  [{words[item.judgement]}]")
            lines += [f"      {line('truth', texts['truth'])}", f"      {line('seen', texts['seen'])}"]
            if item.checks:
                named = words["comma"].join(names.get(check, check) for check in item.checks)
                lines.append(f"      {line('checks', named)}")
            lines.append(f"      {line('action', texts['action'])}")
            lines.append(f"      {line('who', who.get(item.who, item.who))}")
    return "\n".join(lines)


def _item(table: Table) -> Item:
    item = Item(
        id=table.text("id", most=40),
        kind=table.choice("kind", KINDS),
        judgement=table.choice("judgement", _JUDGEMENTS),
        who=table.text("who", most=20),
        checks=table.texts("checks", ()),
        texts={language: _texts(table.table(language)) for language in LANGUAGES},
    )
    table.close()
    return item


def _texts(table: Table) -> dict[str, Any]:
    texts = {part: table.text(part, most=300) for part in _PARTS}
    table.close()
    return texts
