"""BLAKE2s (RFC 7693) without OpenSSL: importing ``hashlib`` would keep 3.4 MB resident."""

from __future__ import annotations

try:
    from _blake2 import blake2s
except ImportError:  # an interpreter built without it
    from hashlib import blake2s

__all__ = ["blake2s"]
