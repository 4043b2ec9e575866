"""``posmedic explain``: what a response code means, or what a short code carries."""

from __future__ import annotations

import json
import re
from typing import Final

from device.app.overlays import checked_knowledge
from device.commands.article import Item, read_article, write_article
from device.diagnosis.codes import CodeRow, CodeTable
from device.diagnosis.headline import write_customer
from device.diagnosis.knowledge import Knowledge
from device.diagnosis.short_code import LENGTH, ShortCode, ShortCodeError, decode
from device.settings import OverlaySettings, read_texts
from device.table import TableError

_BAD_INPUT: Final = 2
_NO_OVERLAY: Final = OverlaySettings()
_LABELS: Final = {
    "zh": {
        "class": "类别",
        "who": "谁来处理",
        "act": "怎么做",
        "retry": "可否重试",
        "customer": "对顾客说",
        "charged": "是否扣款",
    }
    | {"local": "与本机有关吗", "names": "代码所指原因", "allows": "可能的原因", "source": "出处", "note": "注意"}
    | {"verdict": "判断", "finding": "本机首要发现", "version": "软件版本", "colon": "：", "comma": "、"},
    "en": {"class": "class", "who": "who acts", "act": "what to do", "retry": "retry", "customer": "tell the customer"}
    | {"charged": "charged", "local": "this terminal suspect", "names": "causes it names", "allows": "may stand behind"}
    | {
        "source": "source",
        "note": "note",
        "verdict": "verdict",
        "finding": "first finding",
        "version": "software",
        "colon": ": ",
        "comma": ", ",
    },
}
_CLASSES: Final = {
    "zh": {
        "A": "A 成功",
        "B": "B 失败，可重试",
        "C": "C 失败，不要重试",
        "D": "D 失败，操作员须处理",
        "E": "E 系统故障",
    }
    | {"E": "E 系统故障", "-": "未记载"},
    "en": {"A": "A approved", "B": "B failed, may be retried", "C": "C failed, do not retry"}
    | {"D": "D failed, the operator must act", "E": "E system fault", "-": "not recorded"},
}
_RETRY: Final = {
    "zh": {"no": "不可重试", "chip_once": "可插芯片再试一次", "after_action": "处理后可重试", "later": "稍后可重试"},
    "en": {"no": "no", "chip_once": "once, by the chip", "after_action": "after the action", "later": "later"},
}
_LOCAL: Final = {
    "zh": {"no": "无关", "indirect": "间接有关", "yes": "可能有关"},
    "en": {"no": "no", "indirect": "indirectly", "yes": "yes"},
}


def explain_code(
    text: str,
    *,
    host: str = "",
    language: str = "zh",
    as_json: bool = False,
    long: bool = False,
    overlay: OverlaySettings = _NO_OVERLAY,
) -> tuple[int, str]:
    """Exit code and text for a response code or a short code; ``long``: also what public articles say of the code.

    0 and the explanation (a code that the host's table does not have is answered with "unknown"), or 2 and one
    sentence about bad input. ``host`` is the name of a host profile; "" is the default one. An ``overlay`` that is
    refused leaves the built-in knowledge, and the last line says so.
    """
    try:
        knowledge, refused = checked_knowledge(overlay)
        told, page = _explain(text, host, long, knowledge, language)
    except TableError as error:
        return _BAD_INPUT, str(error)
    if refused:
        note = dict(knowledge.wording.text("doubt.overlay", {"place": "overlay", "value": refused}))
        told, page = {**told, "note_on_overlay": note}, f"{page}\n\n{note[language]}"
    return 0, _dump(told) if as_json else page


def _explain(text: str, host: str, long: bool, knowledge: Knowledge, language: str) -> tuple[dict[str, object], str]:
    """The explanation as values and as a page."""
    table = _find_table(host or knowledge.default_host, knowledge)
    if len(re.sub(r"[\s-]", "", text)) == LENGTH:
        return _explain_short(text, knowledge, table, language)
    code = _check_code(text)
    row = table.find(code)
    if row is None:
        return _explain_unknown(code, knowledge, table.host, language)
    told, page = _row_json(row, knowledge, table.host), write_row(row, knowledge, table, language)
    if long:
        article = read_article(code)
        told |= {"article": [item.as_json() for item in article]}
        page = f"{page}\n{_write_article(article, knowledge, language)}"
    return told, page


def _write_article(article: tuple[Item, ...], knowledge: Knowledge, language: str) -> str:
    if not article:
        return {"zh": "\n没有关于此代码的更长说明。", "en": "\nThere is no longer text about this code."}[language]
    wording = knowledge.wording
    who = {name: wording.text(f"party.{name}")[language] for name in {item.who for item in article}}
    checks = read_texts(language)["check"]
    return write_article(article, who, {name: row["name"] for name, row in checks.items()}, language)


def _find_table(host: str, knowledge: Knowledge) -> CodeTable:
    if host not in knowledge.hosts:
        raise TableError(f"there is no host profile {host[:40]!r}; known are {', '.join(knowledge.hosts)}")
    return knowledge.hosts[host]


def _check_code(text: str) -> str:
    code = text.strip().upper()
    if not re.fullmatch(r"[0-9A-Z]{1,4}", code):  # it is not repeated: it may be card data
        raise TableError(f"this is neither a response code like 62 nor a short code of {LENGTH} signs")
    return code


def _dump(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2)


def _row_json(row: CodeRow, knowledge: Knowledge, host: str) -> dict[str, object]:
    wording = knowledge.wording
    values = {"code": row.code, "attempts": "1"}
    return {
        "code": row.code,
        "known": True,
        "host": host,
        "meaning": dict(row.meaning),
        "class": row.action_class,
        "origin": row.origin,
        "verdict": row.verdict.value,
        "addressee": row.addressee.value,
        "retry": row.retry.value,
        "action": dict(wording.text(f"act.{row.act}.full", values)),
        "customer_text": dict(write_customer(row.verdict, row, wording)),
        "charged": row.charged,
        "local_suspect": row.local,
        "names": list(row.names),
        "allows": list(row.allows),
        "source": row.source,
        "note": dict(wording.text("note.restricted", values)) if row.restricted else None,
    }


def write_row(row: CodeRow, knowledge: Knowledge, table: CodeTable, language: str) -> str:
    """One code's row as a page of text for a person."""
    wording, labels = knowledge.wording, _LABELS[language]
    values = {"code": row.code, "attempts": "1"}
    shown = {
        "class": _CLASSES[language][row.action_class],
        "who": wording.text(f"who.{row.addressee}.full")[language],
        "act": wording.text(f"act.{row.act}.full", values)[language],
        "retry": _RETRY[language][row.retry],
        "customer": write_customer(row.verdict, row, wording)[language],
        "charged": wording.text(f"charged.{row.charged}")[language],
        "local": _LOCAL[language][row.local],
        "names": _names(row.names, knowledge, language),
        "allows": _names(row.allows, knowledge, language),
        "source": table.sources_of(row),
    }
    if row.restricted:
        direct = [cause.id for cause in knowledge.causes if cause.gives_62]
        shown["allows"] = _names(tuple(direct), knowledge, language)
        shown["note"] = wording.text("note.restricted", values)[language]
    lines = [f"{row.code}  {row.meaning[language]}  [{table.name[language]}]"]
    return "\n".join([*lines, *(f"  {labels[key]}{labels['colon']}{text}" for key, text in shown.items() if text)])


def _names(causes: tuple[str, ...], knowledge: Knowledge, language: str) -> str:
    return _LABELS[language]["comma"].join(knowledge.wording.text(f"cause.{cause}.name")[language] for cause in causes)


def _explain_unknown(code: str, knowledge: Knowledge, host: str, language: str) -> tuple[dict[str, object], str]:
    values = {"code": code, "host": host}
    meaning = knowledge.wording.text("code.unknown", values)
    action = knowledge.wording.text("act.ask_code.full", values)
    others = [name for name, table in knowledge.hosts.items() if table.find(code) is not None]
    told: dict[str, object] = {"code": code, "known": False, "host": host, "meaning": dict(meaning)}
    told |= {"action": dict(action), "known_to": others}
    elsewhere = {"zh": "其他主机的代码表中有此代码", "en": "the tables of other hosts have it"}[language]
    lines = [meaning[language], f"  {action[language]}"]
    return told, "\n".join([*lines, f"  {elsewhere}: {', '.join(others)}"] if others else lines)


def _explain_short(text: str, knowledge: Knowledge, table: CodeTable, language: str) -> tuple[dict[str, object], str]:
    try:
        short = decode(text)
    except ShortCodeError as error:
        raise TableError(f"{text.strip()[:20]!r}: {error}") from error
    tables = (table, *(other for other in knowledge.hosts.values() if other is not table))
    row = next((found for other in tables if (found := other.find(short.code)) is not None), None)
    told: dict[str, object] = {
        "code": short.code,
        "verdict": short.verdict.value,
        "finding": short.finding,
        "software": short.version,
        "meaning": dict(row.meaning) if row else None,
    }
    return told, _write_short(short, row, knowledge, language)


def _write_short(short: ShortCode, row: CodeRow | None, knowledge: Knowledge, language: str) -> str:
    labels = _LABELS[language]
    none = {"zh": "没有应答码", "en": "no response code"}[language]
    meaning = f"  {row.meaning[language]}" if row else ""
    verdict = knowledge.wording.text(f"verdict.{short.verdict}")[language]
    shown = {"verdict": f"{verdict} ({short.verdict})", "finding": short.finding or "-", "version": short.version}
    lines = [f"{short.code or none}{meaning}"]
    lines += [f"  {labels[key]}{labels['colon']}{text}" for key, text in shown.items()]
    if short.finding:
        lines.insert(3, f"    {knowledge.wording.check_advice(short.finding)[language]}")
    return "\n".join(lines)
