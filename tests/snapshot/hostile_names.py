"""Names that break tools: each must become a safe file name, and come back as it was."""

from __future__ import annotations

import unicodedata

_WAYS_OUT = [
    "..", ".", "../../x", "..\\..\\x", "/etc/passwd", "//host/share", "\\\\host\\x", "C:\\x", "C:x",
    "a/b", "a\\b", "a/../../b", "./a", "a/", "/", "~", "~root", "$HOME", "%2e%2e%2f", "....//x",
    "file:///etc/passwd",
]  # fmt: skip
_WINDOWS = [
    "CON", "con", "con.json", "Con ", "aux .json", "AUX", "NUL", "nul.tar.gz", "PRN", "COM1", "com0",
    "COM¹", "LPT9.txt", "lpt1", "CONIN$", "CONOUT$", "conin$", "CLOCK$", "a:b", "a::$DATA", "a.", "a ",
    "a. . .", " a", "a?", "a*b", "<a>", 'a"b', "a|b", "desktop.ini", "COM1.history",
]  # fmt: skip
_GIT = [
    ".git", ".GIT", ".Git ", ".git.", "git~1", "GIT~1", ".gi\u200ct", ".g\u0131t", ".gitattributes",
    ".gitmodules", ".git/config", "@{u}", "refs/heads/x", "a.lock", ":(exclude)*", "!a",
]  # fmt: skip
_SHELLS = [
    "-rf",
    "--help",
    "-",
    "$(rm)",
    "`id`",
    "a;b",
    "a&b",
    "a\nb",
    "a\rb",
    "a\tb",
    "\x1b[31mred",
    "\x07",
    "\x7f",
]
_OURS = [
    "snapshot.json", "identity.json", "project.json", "snapshot", "a.history",
    ".new", "charts", "x-con", "manifest.json", "@{chart:a}", "server:x",
    "3fa85f64-5717-4562-b3fc-2c963f66afa6", "copy-of-3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "DEADBEEF 1234 1234 1234",
]  # fmt: skip
_LETTERS = [
    "", " ", "\x00", "a\x00b", "x" * 300, "x" * 80, "x" * 81, "é" * 255, "😀" * 60, "👩‍👩‍👧‍👦", "ß", "SS",
    "ss", "İ", "i", "I", "ı", "ﬁ", "fi", "\u212a", "k", "\u212b", "\u00c5", "caf\u00e9", "cafe\u0301",
    "CAFÉ", "\u202egnp.exe", "\u200b", "\ufeffa", "日本語", "עברית", "a\u0300\u0301\u0302", "\ud800",
    "a\udfff", "[/foo]", "<script>", "{{7*7}}", "=1+1", "ａ", "_", "_a", "0",
]  # fmt: skip

HOSTILE_NAMES: list[str] = [*_WAYS_OUT, *_WINDOWS, *_GIT, *_SHELLS, *_OURS, *_LETTERS]

_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in [*map(str, range(10)), "¹", "²", "³"]
}


def why_unsafe(name: str) -> str:
    """Say why a file name is not safe on Linux, macOS, Windows and in git; "" if it is."""
    stem = name.split(".")[0].rstrip().lower()
    reasons = {
        "is empty or a step": name in ("", ".", ".."),
        "starts with an option, a dot or a tilde": name[:1] in ("-", ".", "~"),
        "is a device of Windows": stem in _DEVICES,
        "ends in a dot or a space": name[-1:] in (".", " "),
        "has a character that some system forbids": any(
            char in '<>:"/\\|?*$%~' or ord(char) < 33 for char in name
        ),
        "is not ASCII": not name.isascii() or "\x7f" in name,
        "is not in one Unicode form and case": unicodedata.normalize("NFC", name).casefold() != name,
        "is too long": len(name.encode("utf-8", "surrogatepass")) > 200,
    }
    return next((reason for reason, found in reasons.items() if found), "")
