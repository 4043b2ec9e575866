"""A diagnosis written by hand, with texts as long as real ones, for tests of whatever shows a diagnosis."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

from device.diagnosis.verdict import Addressee, CardCounts, Cause, CauseState, Diagnosis, Finding, Retry, Verdict
from device.evidence import Outcome

_TEXTS = Path(__file__).parents[2] / "device" / "catalogue" / "texts"
_CHECKS = {
    "zh": {"modem.signal": "移动信号", "clock.host": "时钟(与主机比较)", "smart_card.atr": "卡片应答 (ATR)"},
    "en": {
        "modem.signal": "Mobile signal",
        "clock.host": "Clock against the host",
        "smart_card.atr": "Card's answer (ATR)",
    },
}
_NOTHING = {"zh": "无需处理。", "en": "Nothing to do."}
_CAUSES: tuple[tuple[str, CauseState, tuple[str, ...], tuple[str, ...], str, str], ...] = (
    (
        "region",
        CauseState.SUPPORTED,
        ("62",),
        ("card.region", "exchange.mac"),
        "此卡只能在发行国使用。请换一张卡，或请持卡人致电发卡行开通境外交易。",
        "This card works only in its home country. Take another, or the holder asks the issuer to open foreign use.",
    ),
    (
        "card_blocked",
        CauseState.POSSIBLE,
        ("62", "05", "57", "78"),
        ("history.cards",),
        "请持卡人致电发卡行核实卡片状态。",
        "The cardholder asks the issuer for the state of the card.",
    ),
    (
        "cardholder_controls",
        CauseState.POSSIBLE,
        ("62", "57", "78"),
        (),
        "请持卡人查看手机银行中的交易开关。",
        "The cardholder looks at the card controls in the bank's app.",
    ),
    (
        "risk_control",
        CauseState.POSSIBLE,
        ("34", "59", "63", "05"),
        (),
        "不要反复重刷；请持卡人致电发卡行。",
        "Do not retry again and again; the cardholder calls the issuer.",
    ),
    ("product_channel", CauseState.UNLIKELY, ("62", "57", "03"), ("card.product",), "", ""),
    ("interbank_route", CauseState.UNLIKELY, ("15", "31", "92"), ("history.schemes",), "", ""),
    ("network", CauseState.REFUTED, (), ("exchange.response", "exchange.match", "exchange.mac"), "", ""),
    ("bank_maintenance", CauseState.REFUTED, ("90", "91", "96"), ("exchange.response", "exchange.mac"), "", ""),
    ("terminal_fault", CauseState.REFUTED, ("30", "A0"), ("exchange.mac", "exchange.format"), "", ""),
    (
        "merchant_data",
        CauseState.REFUTED,
        ("03", "58", "97"),
        ("setup.merchant_id", "setup.terminal_id", "history.approvals"),
        "",
        "",
    ),
    ("pos_setup", CauseState.REFUTED, ("40", "57", "58"), ("setup.country", "setup.currency", "setup.mcc"), "", ""),
    ("card_damaged", CauseState.REFUTED, ("45", "14"), ("exchange.entry_path",), "", ""),
    ("balance", CauseState.OTHER_CODE, ("51",), ("exchange.response",), "", ""),
    ("limits", CauseState.OTHER_CODE, ("61", "65", "13"), ("exchange.response",), "", ""),
    ("card_expired", CauseState.OTHER_CODE, ("54", "33"), ("card.expiry",), "", ""),
    ("card_not_activated", CauseState.NOT_VISIBLE, ("21", "78", "72"), (), "", ""),
    ("card_lost_stolen", CauseState.NOT_VISIBLE, ("41", "43"), (), "", ""),
)


def sample_texts() -> dict[str, dict[str, Any]]:
    """Texts of both languages as the screen wants them."""
    return {
        language: {
            "screen": tomllib.loads((_TEXTS / language / "screen.toml").read_text())["screen"],
            "check": _CHECKS[language],
        }
        for language in ("zh", "en")
    }


def sample_diagnosis(**changes: Any) -> Diagnosis:
    """A verified 62 for a card of another country; ``changes`` replace fields."""
    diagnosis = Diagnosis(
        code="62",
        host="unionpay",
        meaning={"zh": "此卡受限", "en": "Restricted card"},
        verdict=Verdict.CARD,
        addressee=Addressee.ISSUER,
        headline={
            "zh": (
                "此卡受限：发卡行或转接方拒绝了本笔交易",
                "请持卡人致电发卡行",
                "请换一张卡，不要反复重刷",
                "本笔交易已送达主机，应答校验通过（不代表全机正常）",
            ),
            "en": (
                "Restricted card: refused by the card's bank or the network",
                "The cardholder calls the card's bank",
                "Take another card; do not swipe again",
                "This sale reached the host and the reply is genuine (says nothing of the rest of the terminal)",
            ),
        },
        headline_short={
            "zh": ("62 此卡受限", "持卡人找发卡行", "换卡，勿重刷", "应答已校验"),
            "en": ("62 restricted", "Ask card's bank", "Other card pls", "Reply verified"),
        },
        customer_text={"zh": "请联系发卡行。", "en": "Please contact your bank."},
        charged={"zh": "没有扣款", "en": "No, no money moved"},
        contact={"zh": "收单机构 示例支付 95500", "en": "Acquirer Example Pay 95500"},
        retry=Retry.NO,
        proved=("exchange.response", "exchange.match", "exchange.mac"),
        causes=tuple(
            Cause(name, state, codes, because, {"zh": zh, "en": en} if zh else _NOTHING)
            for name, state, codes, because, zh, en in _CAUSES
        ),
        found_on_terminal=(
            Finding(
                "modem",
                "signal",
                Outcome.MARGINAL,
                -101,
                ">= -95",
                {"zh": "把终端移到靠窗处，或检查天线。", "en": "Move the terminal to a window, or check the aerial."},
            ),
            Finding(
                "clock",
                "host",
                Outcome.FAIL,
                341,
                "<= 120",
                {"zh": "时钟慢了，请在设置中对时。", "en": "The clock is slow: set it in the settings."},
            ),
            Finding(
                "smart_card",
                "atr",
                Outcome.NOT_RUN,
                None,
                "",
                {"zh": "交易时不检测读卡器。", "en": "The reader is not tested during a sale."},
            ),
        ),
        prevention=(
            {
                "zh": "收境外卡前，先问持卡人是否已开通境外交易。",
                "en": "Before taking a foreign card, ask whether it is open for use abroad.",
            },
            {"zh": "芯片卡请插卡或挥卡，不要刷磁条。", "en": "Insert or tap a chip card; do not swipe it."},
            {
                "zh": "同一张卡被拒后不要连续重试，卡组织会收费。",
                "en": "Do not keep trying one refused card: the schemes charge for it.",
            },
        ),
        short_code="62-C4R7-9K",
        counts=CardCounts(
            *(1, 1, 2, 10, 1),
            {
                "zh": "10分钟内1家银行的1张卡被拒，其间另有2张卡成功",
                "en": "1 card of 1 bank in 10 minutes, 2 other cards approved",
            },
        ),
    )
    return dataclasses.replace(diagnosis, **changes)
