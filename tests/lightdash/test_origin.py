"""Where the token may go, and by which proxy: decided before any request."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.errors import ConfigError
from lightdash_sync.lightdash.origin import Origin, parse_origin, proxy_for, shown_proxy, tls_context

BASES = ["https://lightdash.example.com", "https://l.example:8443", "https://[2001:db8::1]:8443"]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("prefix", ["", "/lightdash", "/a/b"])
@pytest.mark.parametrize("end", ["", "/", "//", "/api", "/api/", "/api/v1", "/api/v1/", "//api/v1//"])
def test_all_forms_of_a_base_url_are_one(base: str, prefix: str, end: str) -> None:
    """With and without a slash, a path prefix, or the API's own path, and blanks around: the same origin."""
    assert parse_origin(f" {base}{prefix}{end}\n") == Origin(base + prefix, name=base + prefix)


def test_an_origin_may_have_another_name() -> None:
    """What snapshots call a server need not be its URL."""
    assert Origin("https://x.example", name="demo").name == "demo"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "must start with https://"),
        ("lightdash.example.com", "must start with https://"),
        ("lightdash.example.com:443", "must start with https://"),
        ("https://", "name a host"),
        ("https:///api/v1", "name a host"),
        ("ftp://x.example", "must start with https://"),
        ("file:///etc/passwd", "must start with https://"),
        ("https://me@x.example", "user name or password"),
        ("https://me:hunter2@x.example", "user name or password"),
        ("https://x.example\\@y.example", "user name or password"),
        ("https://me:hunter2@h℀.example", "user name or password"),
        ("https://me:hunter2@x.example:port", "user name or password"),
        ("https://x.example?a=hunter2", "query or fragment"),
        ("https://x.example/#hunter2", "query or fragment"),
        ("https://x.example:99999", "makes no sense"),
        ("https://x.example:port", "makes no sense"),
        ("https://[::1", "makes no sense"),
        ("https://h℀.example", "makes no sense"),
        ("https://a..example", "makes no sense"),
        (f"https://{'a' * 64}.example", "makes no sense"),
        ("https://x.exa mple", "characters that no URL has"),
        ("https://x.example/\x01", "characters that no URL has"),
        ("https://x.example\r\nX-More: 1", "characters that no URL has"),
        ("https://x.example\\.y.example", "characters that no URL has"),
    ],
)
def test_what_is_no_base_url_is_refused(url: str, problem: str) -> None:
    """Whatever is no plain URL is wrong usage, told with an example, and never with a password in it."""
    with pytest.raises(ConfigError, match=problem) as caught:
        parse_origin(url)
    assert "https://lightdash.example.com" in caught.value.hint
    assert "hunter2" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://lightdash.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[2001:db8::1]",
        "HTTP://0.0.0.0",
    ],
)
def test_plain_http_is_for_whoever_says_so(url: str) -> None:
    """The token goes unencrypted to no other machine, unless --allow-http is said."""
    with pytest.raises(ConfigError, match="unencrypted") as caught:
        parse_origin(url)
    assert "--allow-http" in caught.value.hint
    assert parse_origin(url, allow_http=True).url == url.replace("HTTP:", "http:")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.9.9.9:3000", "[::1]:8080"])
def test_plain_http_is_fine_on_this_machine(host: str) -> None:
    """Loopback needs no encryption."""
    assert parse_origin(f"http://{host}").url == f"http://{host}"


@given(
    st.text() | st.builds("https://{}".format, st.text()) | st.from_regex(r"\Ahttps?://[^/]{1,20}(/.*)?\Z")
)
def test_whatever_is_accepted_can_be_asked(text: str) -> None:
    """Any text is refused as wrong usage, or is an origin that a request can be sent to."""
    try:
        origin = parse_origin(text, allow_http=True)
    except ConfigError:
        return
    url = httpx.URL(origin.url + "/api/v1/user")
    assert url.scheme in ("http", "https")
    assert url.host
    assert not url.userinfo
    assert not origin.url.endswith("/")
    assert url.path.endswith("/api/v1/user")


# --- proxies


@pytest.fixture
def x() -> Origin:
    """Some server that is not on this machine."""
    return parse_origin("https://lightdash.example.com:8443/prefix")


def test_no_proxy_unless_one_is_named(x: Origin) -> None:
    """Without variables there is no proxy."""
    assert proxy_for(x.url) is None


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({"HTTPS_PROXY": "http://p.example:3128"}, "http://p.example:3128"),
        ({"https_proxy": "http://p.example:3128"}, "http://p.example:3128"),
        ({"HTTPS_PROXY": "https://p.example"}, "https://p.example"),
        ({"HTTPS_PROXY": "p.example:3128"}, "http://p.example:3128"),
        ({"HTTPS_PROXY": "http://me:secret@p.example"}, "http://me:secret@p.example"),
        ({"ALL_PROXY": "http://p.example"}, "http://p.example"),
        ({"ALL_PROXY": "http://other", "HTTPS_PROXY": "http://p.example"}, "http://p.example"),
        ({"HTTP_PROXY": "http://p.example"}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": "example.com"}, None),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": "a.b, .example.com"}, None),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": "lightdash.example.com:8443"}, None),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": "example.org"}, "http://p.example"),
    ],
)
def test_the_proxy_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, x: Origin, variables: dict[str, str], proxy: str | None
) -> None:
    """HTTPS_PROXY, ALL_PROXY and NO_PROXY mean what they mean for curl."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(x.url) == proxy


def test_plain_http_has_a_proxy_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is for http, as HTTPS_PROXY is for https."""
    monkeypatch.setenv("HTTP_PROXY", "http://plain.example")
    monkeypatch.setenv("HTTPS_PROXY", "http://p.example")
    assert proxy_for(parse_origin("http://l.example", allow_http=True).url) == "http://plain.example"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]"])
def test_this_machine_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """A proxy that is named for the world is not asked for loopback."""
    monkeypatch.setenv("HTTPS_PROXY", "http://p.example")
    monkeypatch.setenv("ALL_PROXY", "http://p.example")
    assert proxy_for(parse_origin(f"https://{host}").url) is None


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://hunter2@p.example",
        "ftp://hunter2@p",
        "http://",
        "http://:3128",
        "http://hunter2@p:port",
        "://",
    ],
)
def test_what_is_no_http_proxy_is_refused(monkeypatch: pytest.MonkeyPatch, x: Origin, proxy: str) -> None:
    """A proxy that cannot be used is wrong usage, told without its password."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigError, match="not an HTTP proxy") as caught:
        proxy_for(x.url)
    assert "hunter2" not in str(caught.value) + caught.value.hint
    assert "NO_PROXY" in caught.value.hint


# --- certificates


@pytest.mark.parametrize("urls", [("https://a",), ("http://a", "HTTPS://proxy"), ("http://a", None)])
def test_certificates_are_always_checked(tmp_path: Path, urls: tuple[str | None, ...]) -> None:
    """With a file of further authorities or without: certificate and host name are checked."""
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    plain, more = tls_context(None, *urls), tls_context(bundle, *urls)
    if urls[-1] is None:  # nobody would ask them
        assert not plain.cert_store_stats()["x509_ca"]
    for context in (plain, more):
        assert context.verify_mode.name == "CERT_REQUIRED"
        assert context.check_hostname
        assert context.minimum_version >= context.minimum_version.TLSv1_2
    assert more.cert_store_stats()["x509_ca"] == plain.cert_store_stats()["x509_ca"] + 1


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAA\n"])
def test_a_ca_bundle_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    """A file that is not there, or holds no certificate, is wrong usage that names the file."""
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ca\.pem cannot be used") as caught:
        tls_context(bundle)
    assert "PEM" in caught.value.hint


# What NO_PROXY says, and whether it names the host: as curl and Go read it, either of them.
EXCEPTIONS = [
    ("10.0.0.0/8", "https://10.1.2.3", True),
    ("10.0.0.5/8", "https://10.1.2.3", True),
    ("10.0.0.0/8", "https://11.1.2.3", False),
    ("10.0.0.0/8", "https://ten.example.com", False),
    ("10.0.0.0/8,192.168.0.0/16", "https://192.168.7.7:8443", True),
    ("10.1.2.3", "https://10.1.2.3", True),
    ("10.1.2.3:8443", "https://10.1.2.3:8443", True),
    ("10.1.2.3:8443", "https://10.1.2.3", False),
    ("10.1.2.3", "https://110.1.2.3", False),
    ("2.3", "https://10.1.2.3", False),
    ("10.0.0.0/99", "https://10.0.0.0", False),
    ("fd00::/8", "https://[fd00::1]", True),
    ("[fd00::]/8", "https://[fd00::1]", True),
    ("fd00::/8", "https://[fe80::1]", False),
    ("fd00::1", "https://[fd00:0::0:1]", True),
    ("[fd00::1]", "https://[fd00::1]:8443", True),
    ("[fd00::1]:8443", "https://[fd00::1]:8443", True),
    ("[fd00::1]:8443", "https://[fd00::1]", False),
    ("10.0.0.0/8", "https://[::ffff:10.1.2.3]", True),
    ("*.example.com", "https://lightdash.example.com", True),
    ("*.example.com", "https://a.lightdash.example.com", True),
    ("*.example.com", "https://example.com", False),
    ("*.example.com", "https://badexample.com", False),
    (".example.com", "https://lightdash.example.com", True),
    (".example.com", "https://badexample.com", False),
    ("example.com", "https://lightdash.example.com", True),
    ("example.com", "https://badexample.com", False),
    ("EXAMPLE.com.", "https://lightdash.example.com", True),
    ("example.com", "https://lightdash.example.com.", True),
    ("lightdash.example.com:443", "https://lightdash.example.com", True),
    ("*.example.com:443", "https://lightdash.example.com", True),
    ("*.example.com:80", "https://lightdash.example.com", False),
    ("bücher.example", "https://bücher.example", True),
    ("a.b c.d  example.com", "https://lightdash.example.com", True),
    ("*", "https://lightdash.example.com", True),
    ("a.b,*", "https://10.1.2.3", True),
    (".", "https://lightdash.example.com", False),
    (",", "https://lightdash.example.com", False),
    ("", "https://lightdash.example.com", False),
]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(("exceptions", "url", "direct"), EXCEPTIONS)
def test_hosts_that_no_proxy_names_are_reached_without(
    monkeypatch: pytest.MonkeyPatch, name: str, exceptions: str, url: str, direct: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p.example:3128")
    monkeypatch.setenv(name, exceptions)
    assert proxy_for(parse_origin(url).url) == (None if direct else "http://p.example:3128")


def test_a_proxy_is_shown_without_its_password() -> None:
    assert shown_proxy("http://me:secret@p.example:3128/") == "http://p.example:3128"
    assert shown_proxy("https://[fd00::1]:3128") == "https://[fd00::1]:3128"
