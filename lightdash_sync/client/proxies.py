"""Which proxy a server is reached by, as curl and Go read HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.

NO_PROXY is a list of hosts that are reached without: names (with everything below them), `.domain`,
`*.domain`, addresses, ranges such as `10.0.0.0/8`, each of them with a port or without, and `*` for all.
Where curl and Go differ, an entry holds if it does for one of them: the token goes to fewer places so.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

import httpx

from lightdash_sync.errors import ConfigError

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_PORTS = {"http": 80, "https": 443}
_WITH_PORT = re.compile(r"(\[[^\]]*\]|[^:]*):(\d+)")


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for a server, or None.

    Args:
        url: of the server.

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
    """Return the URL of a proxy as people may see it: without user name and password."""
    url = httpx.URL(proxy)
    return str(url.copy_with(userinfo=b"", path="/", query=None, fragment=None)).rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    address = _address(host)
    return host.lower().rstrip(".") == "localhost" if address is None else address.is_loopback


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether NO_PROXY names a host."""
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
    """Return a host that is an address; one of IPv4 that is written as IPv6 is the former."""
    try:
        found = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _plain(name: str) -> str:
    """Return a name in lower case, in the letters that the resolver knows, without a dot at its end."""
    name = name.lower().removesuffix(".")
    try:
        return name if name.isascii() else httpx.URL(f"https://{name}").raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        return name


def _checked(text: str) -> str:
    """Return a proxy's URL; `proxy.example.com:3128` is one too, as it is for curl."""
    text = text if "://" in text else f"http://{text}"
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        # It is not repeated: it may hold a password.
        raise ConfigError(
            "the proxy that the environment names is not an HTTP proxy",
            hint="Set HTTPS_PROXY to http://host:port, or name the Lightdash server in NO_PROXY.",
        )
    return text
