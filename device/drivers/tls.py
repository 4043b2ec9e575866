"""The TLS layer to the payment host: handshake, chain of trust, name and dates. Imported only where it is asked for."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from device.drivers.network import NetworkError, NetworkSetup

# X509_V_ERR_* of OpenSSL's x509_vfy.h (X509_STORE_CTX_get_error(3)).
_CERTIFICATE_REASONS: Final = {
    9: ("certificate_not_yet_valid", "The host's certificate is not valid yet by this terminal's clock."),
    10: ("certificate_expired", "The host's certificate has expired by this terminal's clock."),
    18: ("unknown_ca", "The host's certificate is signed by itself and not trusted."),
    19: ("unknown_ca", "The host's chain ends in a certificate that is not trusted."),
    20: ("unknown_ca", "The issuer of the host's certificate is not trusted."),
    21: ("unknown_ca", "The host sends no chain to a trusted issuer."),
    62: ("wrong_name", "The host's certificate belongs to another name than {name}."),
    64: ("wrong_name", "The host's certificate belongs to another address than {name}."),
}


@dataclass(frozen=True, slots=True)
class TlsSession:
    """What was agreed: protocol version, cipher, and until when the host's certificate is valid.

    ``issuers`` are the certificates above it up to the trusted one: name and end of validity; None: OpenSSL's bindings
    do not tell them.
    """

    version: str
    cipher: str
    valid_until: datetime
    issuers: tuple[tuple[str, datetime], ...] | None


def read_tls(line: socket.socket, setup: NetworkSetup, bound_s: float) -> TlsSession:
    """Make the handshake on a connected line. Raises NetworkError; its reason names what is wrong.

    Reasons: ``ca_file``, ``certificate_expired``, ``certificate_not_yet_valid``, ``wrong_name``, ``unknown_ca``,
    ``certificate``, ``not_tls``, ``closed``, ``no_answer``, ``tls``.
    """
    name = setup.server_name or setup.host
    try:
        context = ssl.create_default_context(cafile=setup.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise NetworkError("ca_file", f"The file of trusted issuers {setup.ca_file} cannot be read.") from error
    until = time.monotonic() + bound_s
    line.settimeout(bound_s)
    secured = context.wrap_socket(line, server_hostname=name, do_handshake_on_connect=False)
    try:
        _shake_hands(secured, until)
        certificate = secured.getpeercert() or {}
        cipher = secured.cipher()
        return TlsSession(
            secured.version() or "",
            cipher[0] if cipher else "",
            _end_of(certificate),
            _issuers(secured),
        )
    except ssl.SSLCertVerificationError as error:
        unknown = ("certificate", f"The host's certificate is not accepted (OpenSSL verify code {error.verify_code}).")
        reason, text = _CERTIFICATE_REASONS.get(error.verify_code, unknown)
        raise NetworkError(reason, text.format(name=name)) from error
    except TimeoutError as error:
        raise NetworkError("no_answer", "The host took the connection but does not answer the handshake.") from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
        raise NetworkError("closed", "The host closed the connection during the handshake.") from error
    except ssl.SSLError as error:
        if error.reason in ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
            raise NetworkError("not_tls", "What answers on that port does not speak TLS.") from error
        raise NetworkError("tls", f"The handshake failed: {error.reason}.") from error
    except OSError as error:
        raise NetworkError("closed", f"The connection broke during the handshake: {error.strerror}.") from error
    finally:
        secured.close()


def _end_of(certificate: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _issuers(secured: ssl.SSLSocket) -> tuple[tuple[str, datetime], ...] | None:
    """The verified chain without the host's own certificate.

    ``ssl`` shows it since Python 3.13, and then only as DER; the object below has it parsed since 3.10.
    """
    try:
        chain = [link.get_info() for link in secured._sslobj.get_verified_chain()]  # type: ignore[attr-defined]  # noqa: SLF001
    except AttributeError:
        return None
    return tuple((_name_of(link), _end_of(link)) for link in chain[1:])


def _name_of(certificate: Mapping[str, Any]) -> str:
    names = {key: value for part in certificate.get("subject", ()) for key, value in part}
    return str(names.get("commonName") or names.get("organizationName") or "unnamed")[:60]


def _shake_hands(secured: ssl.SSLSocket, until: float) -> None:
    """The whole handshake ends by ``until``, however slowly the host sends."""
    secured.setblocking(False)
    while True:
        try:
            secured.do_handshake()
        except ssl.SSLWantReadError:
            ready = select.select([secured], [], [], max(0.0, until - time.monotonic()))[0]
        except ssl.SSLWantWriteError:
            ready = select.select([], [secured], [], max(0.0, until - time.monotonic()))[1]
        else:
            return
        if not ready:
            raise TimeoutError
