"""Decides where the token may be sent: to one origin, over TLS, and by which proxy.

Plain HTTP is only for loopback, unless the user gives `--allow-http`. A URL with a user name is rejected,
because such URLs end up in logs.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

import httpx

from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


# Proxies, by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY as curl and Go read them.
#
# NO_PROXY is a list of hosts that are reached without a proxy: names (with everything below them), `.domain`,
# `*.domain`, addresses, ranges such as `10.0.0.0/8`, each with or without a port, and `*` for all. Where curl
# and Go differ, an entry applies if it does for either of them, so that fewer proxies receive the token.

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_PORTS = {"http": 80, "https": 443}
_WITH_PORT = re.compile(r"(\[[^\]]*\]|[^:]*):(\d+)")


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment variables name for a server, or None.

    Args:
        url: URL of the server.

    Raises:
        ConfigError: it is not an HTTP proxy.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if is_loopback(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    by_variables = bool(getproxies_environment())
    is_direct = (
        _is_excepted(host, port, proxies.get("no", "")) if by_variables else proxy_bypass(parts.netloc)
    )
    return None if is_direct else _checked(proxy)


def shown_proxy(proxy: str) -> str:
    """Return the URL of a proxy without user name and password, for messages."""
    url = httpx.URL(proxy)
    return str(url.copy_with(userinfo=b"", path="/", query=None, fragment=None)).rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    address = _address(host)
    return host.lower().rstrip(".") == "localhost" if address is None else address.is_loopback


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether NO_PROXY includes a host."""
    return any(_names(entry, host, port) for entry in re.split(r"[\s,]+", exceptions) if entry)


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_range(entry, host)
    if (match := _WITH_PORT.fullmatch(entry)) is not None:
        entry = match[1]
        if int(match[2]) != port:
            return False
    named, address = _address(entry), _address(host)
    if named is not None or address is not None:
        return named == address
    name, suffix = _plain(host), _plain(entry)
    if suffix.startswith("*."):
        return name.endswith(suffix[1:])
    suffix = suffix.lstrip(".")
    return bool(suffix) and (name == suffix or name.endswith(f".{suffix}"))


def _in_range(entry: str, host: str) -> bool:
    address = _address(host)
    try:
        network = ipaddress.ip_network(entry.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False
    return address is not None and address.version == network.version and address in network


def _address(host: str) -> Address | None:
    """Return the address of a host that is one; an IPv4 address written as IPv6 is returned as IPv4."""
    try:
        found = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _plain(name: str) -> str:
    """Return a name in lower case, in the form that the resolver expects, without a trailing dot."""
    name = name.lower().removesuffix(".")
    try:
        return name if name.isascii() else httpx.URL(f"https://{name}").raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        return name


def _checked(text: str) -> str:
    """Return a proxy's URL; `proxy.example.com:3128` without a scheme is accepted, as by curl."""
    text = text if "://" in text else f"http://{text}"
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        # The message does not repeat the value, which may contain a password.
        raise ConfigError(
            "the proxy that the environment names is not an HTTP proxy",
            hint="Set HTTPS_PROXY to http://host:port, or name the Lightdash server in NO_PROXY.",
        )
    return text


_EXAMPLE = "Give it as https://lightdash.example.com (with a path only if Lightdash is served below one)."


@dataclass(frozen=True, slots=True)
class Origin:
    """The base URL of a Lightdash server.

    Attributes:
        url: scheme, host, port and path prefix, without a slash at the end.
        name: name of the server in snapshots; its URL by default.
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
        allow_http: allow sending the token unencrypted to another host.

    Raises:
        ConfigError: it is not a URL that the token may be sent to.
    """
    text = text.strip()
    if "@" in text.partition("?")[0]:  # checked first, because other messages repeat parts of the URL
        raise ConfigError("the URL of Lightdash must not hold a user name or password", hint=_EXAMPLE)
    if not text.isprintable() or " " in text or "\\" in text:
        raise ConfigError("the URL of Lightdash holds characters that no URL has", hint=_EXAMPLE)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        # A name that the resolver cannot handle is an error here, not in the first request.
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
    """Return how certificates are checked: by the system's authorities, and those of a file if given.

    Args:
        ca_bundle: file with additional authorities, or None.
        urls: URLs of the server, and of the proxy if there is one. If none of them is encrypted, the system's
            authorities are not loaded, which would take as long as a dozen requests.

    Raises:
        ConfigError: the file cannot be read, or contains no certificate.
    """
    encrypted = any(url and url.lower().startswith("https:") for url in urls)
    try:
        context = ssl.create_default_context() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except OSError as error:  # Python opens the file of SSLKEYLOGFILE here
        raise ConfigError(
            f"TLS cannot be set up: {error}",
            hint="If SSLKEYLOGFILE is set, it must name a file that can be written; else unset it.",
        ) from error
    if ca_bundle is not None:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"the CA bundle {ca_bundle} cannot be used: {error}", hint="It must be a file in PEM format."
            ) from error
    return context
