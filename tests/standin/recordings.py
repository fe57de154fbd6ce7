"""The recordings of a real server, and how an answer of the stand-in is compared with a recorded one.

They are part of this repository, one compressed file for each version. A folder with the single files, nearby
or named by the environment, is taken instead where it is there; `python -m tests.standin.recordings` makes
the compressed files of it.

Uuids of the two worlds are bound to each other as they turn up in answers; requests are translated by that
binding. Everything else is compared exactly, except for moments, view counts and a few numbers that no two
servers share.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ENVIRONMENT = "LIGHTDASH_SYNC_RECORDINGS"
COMMITTED = Path(__file__).with_name("recorded")
VERSIONS = ("0.1372.1", "0.2904.5", "1.219.0")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?:\d{6}|\d{3}Z)")
INCIDENT = re.compile(r"[0-9a-f]{32}")
# What newer servers add to a slug that is taken, or use as the slug of a name without letters.
RANDOM = re.compile(r"(?:(?<=-)[0-9a-z]{10}|^[0-9a-z]{5})$")
OUR_RANDOM = re.compile(r"(?:(?<=-)[0-9a-f]{10}|^[0-9a-f]{5})$")
MILLISECONDS = re.compile(r"\d{13}")
# Keys whose values differ between two servers, or two runs of one; their types are compared all the same.
VOLATILE = frozenset(
    {
        "views",
        "chartViews",
        "chartUsage",
        "dashboardVersionId",
        "validationId",
        "jobId",
        "search_rank",
        "siteUrl",
    }
)
UNORDERED = frozenset(
    {
        "results", "tiles", "tabs", "access", "groupsAccess", "dashboards", "schedulers", "data", "queries",
        "targets", "spaces", "categories", "users", "charts", "savedCharts", "sqlCharts", "tables", "fields",
        "members", "memberUuids", "scheduledDeliveries", "alerts", "googleSheetsSyncs", "skipped",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """One request, and what the real server answered."""

    name: str
    method: str
    path: str
    auth: str
    request: Any
    status: int
    response: Any
    content_type: str | None

    @property
    def number(self) -> int:
        """Its place in the order in which they were made."""
        return int(self.name[:3])


def directory(version: str) -> Path | None:
    """Where the recordings of a version are: in a folder that the environment names, or in one nearby."""
    named = os.environ.get(ENVIRONMENT)
    nearby = [parent / "shared" / "lightdash" for parent in Path(__file__).resolve().parents[3:]]
    for folder in [Path(named)] if named else nearby:
        found = folder / f"recordings-{version}"
        if found.is_dir():
            return found
    return None


def committed(version: str) -> Path:
    """Where this repository has the recordings of a version."""
    return COMMITTED / f"{version}.jsonl.xz"


def recordings_of(version: str) -> list[Recording]:
    """All recordings of a version, in the order in which they were made."""
    folder = directory(version)
    return read_packed(committed(version)) if folder is None else read(folder)


def read_packed(file: Path) -> list[Recording]:
    """The recordings of a compressed file."""
    lines = lzma.decompress(file.read_bytes()).decode().splitlines()
    return [Recording(**json.loads(line)) for line in lines]


def packed(recordings: list[Recording]) -> bytes:
    """A compressed file of recordings."""
    lines = (json.dumps(asdict(one), ensure_ascii=False, separators=(",", ":")) for one in recordings)
    return lzma.compress("".join(f"{line}\n" for line in lines).encode(), preset=9)


def read(folder: Path) -> list[Recording]:
    """All recordings, in the order in which they were made."""
    index = folder / "index.jsonl"
    rows = list(map(json.loads, index.read_text().splitlines())) if index.exists() else list(_rows(folder))
    if any(row["auth"] == "ApiKey" for row in rows):  # the scheme, not the token
        rows = [{**row, "auth": _asker(row["auth"], row["file"].removesuffix(".json"))} for row in rows]
    found = []
    for row in rows:
        made = json.loads((folder / row["file"]).read_text())
        headers = made.get("response_headers", {"content-type": made.get("response_content_type")})
        found.append(
            Recording(
                name=row["file"].removesuffix(".json"),
                method=row["method"],
                path=row["path"],
                auth=row["auth"],
                request=made["request_body"],
                status=made["status"],
                response=made["response_body"],
                content_type=headers.get("content-type"),
            )
        )
    return found


def _rows(folder: Path) -> Iterator[Any]:
    """The index of recordings that have none: who asked is told by the name, if it was not the admin."""
    for file in sorted(folder.glob("[0-9]*.json")):
        made = json.loads(file.read_text())
        yield {**made, "file": file.name, "auth": made.get("auth", "ApiKey")}


def _asker(scheme: str, name: str) -> str:
    """Whose token, if any: by what the recording is called, where it was not the admin's."""
    if scheme == "ApiKey":
        return "pat"
    if named := re.fullmatch(r"ApiKey\((editor|viewer)\)", scheme):
        return f"pat_{named[1]}"
    words = (
        {"session": "cookie", "bearer": "bearer"}
        if scheme == "none"
        else {"bad-token": "badtoken", "other-org": "pat_other_org", "editor": "pat_editor"}
    )
    default = "none" if scheme == "none" else "pat_viewer"
    return next((token for word, token in words.items() if word in name), default)


@dataclass
class Binding:
    """Which uuid, or random part of a slug, of the stand-in stands for which recorded one."""

    known: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def translated(self, text: str) -> str:
        """A text with the recorded uuids replaced by those of the stand-in, as far as they are known."""
        for recorded, ours in self.words.items():
            text = text.replace(recorded, ours)
        return UUID.sub(lambda match: self.known.get(match[0], match[0]), text)

    def learn_random(self, recorded: str, actual: str) -> None:
        """Bind what is random in two slugs that are the same but for that (ours is hexadecimal)."""
        theirs, ours = RANDOM.search(recorded), OUR_RANDOM.search(actual)
        if theirs and ours and recorded[: theirs.start()] == actual[: ours.start()]:
            self.words.setdefault(theirs[0], ours[0])

    def value(self, recorded: Any) -> Any:
        """A JSON value, translated."""
        return json.loads(self.translated(json.dumps(recorded)))


def _type(value: Any) -> str:
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def _blank(value: Any, binding: Binding) -> Any:
    """A value with everything taken out that cannot be compared, to find its counterpart in another order."""
    if isinstance(value, dict):
        return {
            binding.translated(k): None if k in VOLATILE else _blank(v, binding) for k, v in value.items()
        }
    if isinstance(value, list):
        return sorted((_blank(one, binding) for one in value), key=repr)
    if isinstance(value, str):
        if UUID.fullmatch(value) and value not in binding.known and value not in binding.known.values():
            return "?"
        return MILLISECONDS.sub("?", MOMENT.sub("?", binding.translated(value)))
    return value


def _aligned(recorded: list[Any], actual: list[Any], binding: Binding) -> list[tuple[Any, Any]]:
    """Pairs of elements that look alike; what has no counterpart is paired in order."""
    rest = list(actual)
    pairs: list[tuple[Any, Any]] = []
    later = []
    for one in recorded:
        wanted = _fingerprint(one, binding)
        match = next((other for other in rest if _fingerprint(other, binding) == wanted), None)
        if match is None:
            later.append(one)
        else:
            rest.remove(match)
            pairs.append((one, match))
    return pairs + list(zip(later, rest, strict=False))


def _fingerprint(value: Any, binding: Binding) -> str:
    return json.dumps(_blank(value, binding), sort_keys=True)


def differences(recorded: Any, actual: Any, binding: Binding, at: str = "", key: str = "") -> Iterator[str]:
    """Where an answer differs from the recorded one; binds new uuids on the way."""
    if _type(recorded) != _type(actual):
        yield f"{at}: {recorded!r} was recorded, {actual!r} came"
    elif isinstance(recorded, dict):
        yield from _object_differences(recorded, actual, binding, at)
    elif isinstance(recorded, list):
        yield from _list_differences(recorded, actual, binding, at, key)
    elif isinstance(recorded, str):
        yield from _text_differences(recorded, actual, binding, at, key)
    elif recorded != actual and key not in VOLATILE:
        yield f"{at}: {recorded!r} was recorded, {actual!r} came"


def _object_differences(recorded: Any, actual: Any, binding: Binding, at: str) -> Iterator[str]:
    names = {binding.translated(name): name for name in recorded}
    missing, extra = names.keys() - actual.keys(), actual.keys() - names.keys()
    if missing or extra:
        yield f"{at}: keys missing {sorted(missing)}, too many {sorted(extra)}"
    for name, original in names.items():
        if name in actual:
            yield from differences(recorded[original], actual[name], binding, f"{at}.{name}", original)


def _list_differences(recorded: Any, actual: Any, binding: Binding, at: str, key: str) -> Iterator[str]:
    if len(recorded) != len(actual):
        yield f"{at}: {len(recorded)} elements were recorded, {len(actual)} came"
    ordered = key not in UNORDERED
    pairs = zip(recorded, actual, strict=False) if ordered else _aligned(recorded, actual, binding)
    for position, (one, other) in enumerate(pairs):
        yield from differences(one, other, binding, f"{at}[{position}]")


def _text_differences(recorded: str, actual: str, binding: Binding, at: str, key: str) -> Iterator[str]:
    if MOMENT.fullmatch(recorded) and MOMENT.fullmatch(actual) and len(recorded) == len(actual):
        return
    if UUID.fullmatch(recorded) and UUID.fullmatch(actual):
        known = binding.known.setdefault(recorded, actual)
        if known != actual:
            yield f"{at}: another uuid than before for {recorded}"
        return
    if key in VOLATILE or (
        key in ("id", "sentryEventId") and INCIDENT.fullmatch(recorded) and INCIDENT.fullmatch(actual)
    ):
        return
    if key == "slug":
        binding.learn_random(recorded, actual)
    wanted = MILLISECONDS.sub("?", binding.translated(recorded))
    if wanted != MILLISECONDS.sub("?", actual):
        yield f"{at}: {wanted[:300]!r} was recorded, {actual[:300]!r} came"


def main() -> None:
    """Make the compressed files anew of the folders that are nearby."""
    for version in VERSIONS:
        if (folder := directory(version)) is None:
            sys.exit(f"no recordings of {version}: set {ENVIRONMENT} to the directory that has their folders")
        committed(version).write_bytes(packed(read(folder)))


if __name__ == "__main__":
    main()
