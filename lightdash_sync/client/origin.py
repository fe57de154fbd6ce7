"""Where the token may go: one origin, over TLS; by which proxy is said in `proxies`.

Plain HTTP is for loopback, or for whoever says `--allow-http`. A URL with a user name in it is refused,
because such URLs end up in logs.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from lightdash_sync.client.proxies import is_loopback
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLE = "Give it as https://lightdash.example.com (with a path only if Lightdash is served below one)."


@dataclass(frozen=True, slots=True)
class Origin:
    """The base URL of a Lightdash server.

    Attributes:
        url: scheme, host, port and path prefix, without a slash at the end.
        name: what snapshots call the server; its URL unless something else is said.
    """

    url: str
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.url)


def parse_origin(text: str, *, allow_http: bool = False) -> Origin:
    """Check a base URL.

    Args:
        text: with or without a slash at the end, a path prefix, or the API's own `/api/v1`.
        allow_http: let the token travel unencrypted to a host that is not this one.

    Raises:
        ConfigError: not a URL that the token may be sent to.
    """
    text = text.strip()
    if "@" in text.partition("?")[0]:  # first, for other messages repeat parts of the URL
        raise ConfigError("the URL of Lightdash must not hold a user name or password", hint=_EXAMPLE)
    if not text.isprintable() or " " in text or "\\" in text:
        raise ConfigError("the URL of Lightdash holds characters that no URL has", hint=_EXAMPLE)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        # What the resolver of names cannot take is an error here, not in the first request.
        httpx.URL(text).raw_host.decode("ascii").encode("idna")
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigError(f"the URL of Lightdash makes no sense: {error}", hint=_EXAMPLE) from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError("the URL of Lightdash must start with https:// and name a host", hint=_EXAMPLE)
    if parts.query or parts.fragment:
        raise ConfigError("the URL of Lightdash must not hold a query or fragment", hint=_EXAMPLE)
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise ConfigError(
            f"http://{parts.netloc} would send the token unencrypted",
            hint="Use https, or say --allow-http if the network is yours alone.",
        )
    prefix = parts.path.rstrip("/")
    for suffix in ("/api/v1", "/api"):
        prefix = prefix.removesuffix(suffix).rstrip("/")
    return Origin(f"{parts.scheme}://{parts.netloc}{prefix}")


def tls_context(ca_bundle: Path | None, *urls: str | None) -> ssl.SSLContext:
    """Return how certificates are checked: the system's authorities, and those of a file if given.

    Args:
        ca_bundle: more authorities, or None.
        urls: of the server, and of the proxy if there is one. Where none of them is encrypted, the system's
            authorities are not read: that takes as long as a dozen requests, and nobody would ask them.

    Raises:
        ConfigError: the file cannot be read, or holds no certificate.
    """
    encrypted = any(url and url.lower().startswith("https:") for url in urls)
    context = ssl.create_default_context() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_bundle is not None:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"the CA bundle {ca_bundle} cannot be used: {error}", hint="It must be a file in PEM format."
            ) from error
    return context
