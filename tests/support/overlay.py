"""Overlays as an acquirer would write and sign them, with a key of the test's own and the real ssh-keygen."""

from __future__ import annotations

import subprocess
from pathlib import Path

from device.app.overlays import NAMESPACE
from device.settings import OverlaySettings
from tools.signing import sign_file

HEADER = '[overlay]\nname = "acquirer"\nsource = "test host guide"\n'
CODE = """[[host]]
profile = "unionpay"
[[host.code]]
code = "Q7"
zh = "请换一张卡"
en = "take another card"
class = "C"
verdict = "customer_action"
addressee = "customer"
retry = "no"
act = "other_card"
local = "no"
charged = "no"
source = "test host guide"
"""
CAUSE = """[[cause]]
id = "limits"
usual_codes = ["61"]
gives_62 = true
weight = 70
source = "test host guide"
rule = [
  { when = ["code is restricted"], state = "possible", because = ["exchange.response"], advice = "prepaid" },
]
[texts.zh.cause.limits]
prepaid = "预付卡请换一张卡。"
[texts.en.cause.limits]
prepaid = "Prepaid: take another card."
"""
FACTS = '[[host]]\nprofile = "unionpay"\nsigns_declines = false\nfacts_source = "test host guide"\n'


def new_key(folder: Path, namespace: str = NAMESPACE) -> tuple[Path, Path]:
    """A fresh key and the file of allowed signers that names it."""
    key, signers = folder / "acquirer.key", folder / "signers"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = " ".join(Path(f"{key}.pub").read_text().split()[:2])
    signers.write_text(f'acquirer namespaces="{namespace}" {public}\n')
    return key, signers


def signed(folder: Path, text: str, namespace: str = NAMESPACE) -> OverlaySettings:
    """Write the overlay, sign it with a new key, and give the settings that trust this key."""
    path = folder / "acquirer.toml"
    path.write_text(text)
    key, signers = new_key(folder, namespace)
    sign_file(path, key, namespace)
    return OverlaySettings((path,), signers)
