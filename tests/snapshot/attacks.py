"""What somebody could do to a snapshot before it is read: each takes its root, and returns what to name."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from lightdash_sync.content.json import canonical, sha256
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST

from .small import VERSION_PATH, tree

Attack: TypeAlias = Callable[[Path], str]
CHART = "charts/weekly-revenue.json"
SECRET = b'"a secret of the host"\n'


def replace(root: Path, path: str, data: bytes, *, hashed: bool = True) -> str:
    """Give a file other bytes; the manifest vouches for them, as an attacker would have it do."""
    (root / path).write_bytes(data)
    if hashed:
        edit(root, lambda manifest: manifest["files"].update({path: sha256(data)}))
    return path


def edit(root: Path, change: Callable[[Any], object]) -> str:
    """Change the manifest, in canonical form."""
    manifest = json.loads((root / MANIFEST).read_bytes())
    change(manifest)
    (root / MANIFEST).write_bytes(canonical(manifest))
    return MANIFEST


def _outside(root: Path) -> Path:
    """A file that is not part of the snapshot."""
    secret = root.parent / "secret.json"
    secret.write_bytes(SECRET)
    return secret


def _link(path: str) -> Attack:
    def attack(root: Path) -> str:
        secret = _outside(root)
        (root / path).unlink()
        (root / path).symlink_to(secret)
        if path != MANIFEST:
            edit(root, lambda manifest: manifest["files"].update({path: sha256(SECRET)}))
        return path

    return attack


def _folder_link(folder: str) -> Attack:
    def attack(root: Path) -> str:
        shutil.move(root / folder, root.parent / "moved")
        (root / folder).symlink_to(root.parent / "moved")
        return folder

    return attack


def _fifo(path: str) -> Attack:
    def attack(root: Path) -> str:
        (root / path).unlink()
        os.mkfifo(root / path)
        return path

    return attack


def _socket(root: Path) -> str:
    (root / CHART).unlink()
    here = Path.cwd()
    os.chdir((root / CHART).parent)  # the path of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(Path(CHART).name)
    finally:
        os.chdir(here)
    return CHART


def _directory(root: Path) -> str:
    (root / CHART).unlink()
    (root / CHART).mkdir()
    return CHART


def _sparse(path: str) -> Attack:
    def attack(root: Path) -> str:
        with (root / path).open("r+b") as file:
            file.truncate(1 << 30)
        return path

    return attack


def _listed(path: str) -> Attack:
    """The manifest lists a file that is there, with its right hash, but not where a snapshot can have it."""

    def attack(root: Path) -> str:
        secret = _outside(root)
        edit(root, lambda manifest: manifest["files"].update({path.format(secret=secret): sha256(SECRET)}))
        return path.format(secret=secret)

    return attack


def _added(path: str, data: bytes = b"{}\n") -> Attack:
    def attack(root: Path) -> str:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        return path

    return attack


def _deep(root: Path) -> str:
    (root / "a/b/c/d").mkdir(parents=True)
    return "a/b/c"


def _said(path: str, data: bytes) -> Attack:
    return lambda root: replace(root, path, data)


def _twice(path: str) -> Attack:
    def attack(root: Path) -> str:
        data = (root / path).read_bytes()
        return replace(root, path, b'{\n  "name": "twice",' + data[1:], hashed=path != MANIFEST)

    return attack


def _encoded(path: str, how: Callable[[bytes], bytes]) -> Attack:
    return lambda root: replace(root, path, how((root / path).read_bytes()), hashed=path != MANIFEST)


def _bom(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def _utf16(data: bytes) -> bytes:
    return data.decode().encode("utf-16")


def _wrong_kind(root: Path) -> str:
    return replace(root, CHART, tree(root)["tags/core.json"])


def _hash(root: Path) -> str:
    edit(root, lambda manifest: manifest["files"].update({CHART: "0" * 64}))
    return CHART


def _unlisted(root: Path) -> str:
    edit(root, lambda manifest: manifest["files"].pop(CHART))
    return CHART


def _missing(root: Path) -> str:
    (root / CHART).unlink()
    return CHART


_PATHS = ("../secret.json", "charts/../../secret.json", "{secret}", "secret.json")
_DEEP = b"[" * 100_000 + b"]" * 100_000

ATTACKS: dict[str, Attack] = {
    **{f"link for {path}": _link(path) for path in (CHART, MANIFEST, IDENTITY, VERSION_PATH)},
    **{f"link for {folder}": _folder_link(folder) for folder in ("charts", "charts/weekly-revenue.history")},
    **{f"FIFO for {path}": _fifo(path) for path in (CHART, MANIFEST, IDENTITY)},
    "socket": _socket,
    "directory for a file": _directory,
    **{f"1 GB for {path}": _sparse(path) for path in (CHART, MANIFEST, IDENTITY)},
    **{f"listed {path}": _listed(path) for path in _PATHS},
    "listed as manifest": _listed(MANIFEST),
    "wrong hash": _hash,
    "extra entry": _listed("charts/never-was.json"),
    "missing entry": _unlisted,
    "missing file": _missing,
    "extra file": _added("charts/extra.json"),
    "extra script": _added("charts/run.py", b"raise SystemExit\n"),
    "extra hook": _added(".git/hooks/post-checkout", b"#!/bin/sh\n"),
    "deep folders": _deep,
    **{f"one name twice in {path}": _twice(path) for path in (CHART, MANIFEST, IDENTITY)},
    **{f"byte order mark in {path}": _encoded(path, _bom) for path in (CHART, MANIFEST, IDENTITY)},
    **{f"UTF-16 in {path}": _encoded(path, _utf16) for path in (CHART, MANIFEST, IDENTITY)},
    **{f"depth in {path}": _said(path, _DEEP) for path in (CHART, IDENTITY)},
    "depth in the manifest": lambda root: replace(root, MANIFEST, _DEEP, hashed=False),
    "not JSON": _said(CHART, b"{{7*7}}\n"),
    "empty": _said(CHART, b""),
    "another form": _said(CHART, b"{}"),
    "a list": _said(CHART, b"[]\n"),
    "null": _said(CHART, b"null\n"),
    "wrong kind": _wrong_kind,
    "future format": lambda root: edit(root, lambda manifest: manifest.update(format=2)),
    "manifest is no JSON": lambda root: replace(root, MANIFEST, b"nothing\n", hashed=False),
}  # fmt: skip
