"""Everything that can be on a screen, by name: what pictures are compared with and every box is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from support.sample_diagnosis import sample_diagnosis

from device.diagnosis.verdict import Diagnosis
from device.evidence import Evidence, Outcome
from device.outlets.screen.look import Controls, Look
from device.outlets.screen.panel import Panel
from device.outlets.screen.subjects import (
    ChallengeView,
    DeclineView,
    Running,
    SelftestView,
    UpdatePhase,
    UpdateView,
    View,
)
from device.settings import known_languages, read_texts
from protocol.console_challenge import Challenge, build_challenge

SIZES = (
    *((128, 64), (240, 320), (320, 240), (480, 272), (272, 480)),
    *((480, 800), (800, 480), (720, 1280), (1280, 720)),
)
PANELS = tuple(Panel(*size, 1 if size == (128, 64) else 32) for size in SIZES)
LANGUAGES = known_languages()
TEXTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {language: read_texts(language) for language in LANGUAGES}
TOUCH = Controls(touch=True)
KEYS = Controls(touch=False, captions=("C", "OK", "0", "5", "X"))

_CONTACT = {"zh": "示例支付电话：95500", "en": "Example Pay: 95500", "zh-Hant": "示例支付電話：95500"}
_TRADITIONAL = {
    "10分钟内1家银行的1张卡被拒，其间另有2张卡成功": "10分鐘內1家銀行的1張卡被拒，其間另有2張卡成功",
    "无需处理。": "無需處理。",
    "此卡只能在发行国使用。请换一张卡，或请持卡人致电发卡行开通境外交易。": (
        "此卡只能在發行國使用。請換一張卡，或請持卡人致電發卡銀行開通國外交易。"
    ),
    "请持卡人致电发卡行核实卡片状态。": "請持卡人致電發卡銀行確認卡片狀態。",
    "请持卡人查看手机银行中的交易开关。": "請持卡人查看行動銀行中的交易開關。",
    "不要反复重刷；请持卡人致电发卡行。": "不要反覆重刷；請持卡人致電發卡銀行。",
    "此卡受限": "此卡受限",
    "此卡受限：发卡行或转接方拒绝了本笔交易": "此卡受限：發卡銀行或轉接方拒絕了本筆交易",
    "请持卡人致电发卡行": "請持卡人致電發卡銀行",
    "请换一张卡，不要反复重刷": "請換一張卡，不要反覆重刷",
    "本笔交易已送达主机，应答校验通过（不代表全机正常）": "本筆交易已送達主機，回應驗證碼通過（不代表全機正常）",
    "62 此卡受限": "62 此卡受限",
    "持卡人找发卡行": "持卡人找發卡銀行",
    "换卡，勿重刷": "換卡，勿重刷",
    "应答已校验": "回應已驗證碼",
    "请联系发卡行。": "請聯絡發卡銀行。",
    "没有扣款": "沒有扣款",
    "收单机构 示例支付 95500": "收單機構 示例支付 95500",
    "把终端移到靠窗处，或检查天线。": "把端末機移到靠窗處，或檢查天線。",
    "时钟慢了，请在设置中对时。": "時鐘慢了，請在設定中對時。",
    "交易时不检测读卡器。": "交易時不檢測讀卡器。",
    "收境外卡前，先问持卡人是否已开通境外交易。": "收國外卡前，先問持卡人是否已開通國外交易。",
    "芯片卡请插卡或挥卡，不要刷磁条。": "晶片卡請插卡或感應，不要刷磁條。",
    "同一张卡被拒后不要连续重试，卡组织会收费。": "同一張卡被拒後不要連續重試，卡組織會收費。",
}
_PARTS = (
    *("reader", "smart_card", "modem", "network", "clock", "storage", "memory", "temperature", "profile", "screen"),
    *("service", "power", "tamper", "keypad", "contactless", "uart", "usb", "cpu", "watchdog", "uptime", "versions"),
    *("host", "printer", "update", "indicator", "identity"),
)
_TOTAL = 100
_BAD = (
    Evidence("clock.host", Outcome.FAIL, 341, "s", "-120 .. 120"),
    Evidence("modem.signal", Outcome.MARGINAL, -101, "dBm", ">= -95"),
)


def traditional(diagnosis: Diagnosis) -> Diagnosis:
    """The sample is written by hand in two languages; the third says the same in Chinese."""

    def said(text: Any) -> Any:
        return _TRADITIONAL[text] if isinstance(text, str) else tuple(map(said, text))

    def added(text: Any) -> Any:
        return {**text, "zh-Hant": said(text["zh"])} if isinstance(text, Mapping) and "zh" in text else text

    changed = {item.name: added(getattr(diagnosis, item.name)) for item in fields(diagnosis)}
    changed["causes"] = tuple(replace(cause, advice=added(cause.advice)) for cause in diagnosis.causes)
    found = diagnosis.found_on_terminal
    changed["found_on_terminal"] = tuple(replace(item, advice=added(item.advice)) for item in found)
    if diagnosis.counts is not None:
        changed["counts"] = replace(diagnosis.counts, text=added(diagnosis.counts.text))
    changed["prevention"] = tuple(added(text) for text in diagnosis.prevention)
    return replace(diagnosis, **changed)


def selftest(done: int, *, bad: bool = True, ended: bool = False) -> SelftestView:
    """A self-test after so many checks, of which two are not in order if ``bad``."""
    told = [Evidence(f"{part}.sample", Outcome.PASS) for part in _PARTS[: done * len(_PARTS) // _TOTAL]]
    told += _BAD if bad and done >= _TOTAL // 2 else ()
    told += [Evidence("reader.sample", Outcome.PASS)] * max(0, done - len(told) - 2)
    told += [Evidence("printer.paper", Outcome.NOT_RUN)] * (2 if ended else 0)
    return SelftestView(_PARTS, Running(done, _TOTAL, tuple(told)), ended, _CONTACT)


CHALLENGE = ChallengeView(
    "vendor",
    12345,
    build_challenge(
        Challenge(
            device="A" * 8,
            hardware="SN-" + "7" * 29,
            boot="4f6c2a1e-0000-4000-8000-0123456789ab",
            counter=12345,
            nonce=bytes(range(16)),
            role="vendor",
            lifetime_s=900,
            expires=datetime(2026, 11, 25, 20, 15, tzinfo=UTC),
        )
    ).decode(),
)


def samples(language: str) -> dict[str, tuple[View, Look]]:
    """Every kind of view by name, for one language."""
    decline = traditional(sample_diagnosis())
    clerk = Look(language)
    return {
        "decline": (DeclineView(decline), clerk),
        "decline by touch": (DeclineView(decline), Look(language, controls=TOUCH)),
        "decline by keys": (DeclineView(decline), Look(language, controls=KEYS)),
        "decline while tests run": (DeclineView(decline, Running(20, 60, _BAD)), clerk),
        "customer": (DeclineView(decline), Look(language, customer=True)),
        "customer by touch": (DeclineView(decline), Look(language, customer=True, controls=TOUCH)),
        "self-test begins": (selftest(0), clerk),
        "self-test runs": (selftest(60), Look(language, controls=TOUCH)),
        "self-test good": (selftest(_TOTAL, bad=False, ended=True), clerk),
        "self-test bad": (selftest(_TOTAL, ended=True), Look(language, controls=KEYS)),
        "update runs": (UpdateView(UpdatePhase.WRITING, "vendor-2.4.raucb", _CONTACT, 40), clerk),
        "update installed": (UpdateView(UpdatePhase.INSTALLED, "2.4", _CONTACT), clerk),
        "update refused": (
            UpdateView(UpdatePhase.REFUSED, "vendor-2.4.raucb", _CONTACT, reason="signer_expired"),
            Look(language, controls=TOUCH),
        ),
        "update taken back": (
            UpdateView(UpdatePhase.ENDED, "2.4", _CONTACT, 0, "regressed", "modem.answer", "pass", "fail"),
            clerk,
        ),
        "challenge": (CHALLENGE, clerk),
    }
