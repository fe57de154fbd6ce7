"""Which modules of tests a file of tests reaches by its imports, read from its text: nothing is imported."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent
_IMPORT = re.compile(r"^\s*from (tests[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)


@cache
def _imported(file: Path) -> frozenset[Path]:
    found: set[Path] = set()
    for package, names in _IMPORT.findall(file.read_text("utf-8")):
        modules = [package, *(f"{package}.{name}" for name in re.findall(r"\w+", names))]
        found |= {ROOT.parent.joinpath(*module.split(".")).with_suffix(".py") for module in modules}
    return frozenset(path for path in found if path.is_file())


def reached_by(file: Path) -> frozenset[Path]:
    """Return what a file of tests imports, directly or not, with the fixtures of its folders.

    The `conftest.py` of all tests is left out: every file has it.
    """
    folders = [folder for folder in file.parents if ROOT in folder.parents]
    waiting = [file, *(path for folder in folders if (path := folder / "conftest.py").is_file())]
    found: set[Path] = set()
    while waiting:
        new = _imported(waiting.pop()) - found
        found |= new
        waiting += new
    return frozenset(found)
