"""The commits that touched a path, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lightdash_sync.git.objects import Entry
from lightdash_sync.git.series import Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightdash_sync.git.objects import Objects

_FORMAT = "%x00%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00"
_FACTS = 9


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that touched what was asked about.

    Args:
        id: of the commit.
        parents: ids; none for the first commit, or where a shallow clone ends.
        author: who made the change.
        time: when, in UTC.
        committer: who committed it.
        committed: when, in UTC.
        message: without line breaks at its end.
        changes: path from the top of the repository to `A`, `M`, `D` or `T`; only paths asked about. None
            for a merge that only joins what others changed.
        before: path of each regular file among them, as it was in the first parent, to the id of its content.
        after: the same as it is in the commit.
    """

    id: str
    parents: tuple[str, ...]
    author: Person
    time: datetime
    committer: Person
    committed: datetime
    message: str
    changes: Mapping[str, str]
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Touched:
    """What a commit did to one path, as `--raw` says it."""

    path: str
    status: str
    before: Entry
    after: Entry

    @classmethod
    def read(cls, facts: str, path: str) -> _Touched:
        # A colon, a mode and an id for each parent, then those of the commit, then a letter for each parent.
        text = facts.strip()
        parents = len(text) - len(text.lstrip(":"))
        parts = text[parents:].split(" ")
        modes, ids = parts[: parents + 1], parts[parents + 1 : -1]
        return cls(path, parts[-1][0], Entry(modes[0], ids[0]), Entry(modes[-1], ids[-1]))


def history(
    objects: Objects, commits: str | Sequence[str], path: str, limit: int | None
) -> Iterator[Revision]:
    """Yield the commits up to one commit, or several, that touched a file or folder, newest first.

    Of a merge only what is in none of its parents is told, and how it differs from the first.
    """
    asked = ["log", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv"]
    asked += ["--no-mailmap", "--diff-merges=combined", f"--format=tformat:{_FORMAT}"]
    asked += [] if limit is None else [f"--max-count={limit}"]
    starts = [commits] if isinstance(commits, str) else commits
    fields = objects.program.ask(*asked, *starts, "--", path).fields()
    # Each commit: an empty field, its facts, an empty field, then pairs of modes, ids, status and a path.
    position = 0
    while position < len(fields):
        facts = fields[position + 1 : position + 1 + _FACTS]
        position += _FACTS + 2
        if _stands_before_a_merge(fields[position : position + 2]):
            position += 1
        touched = []
        while position < len(fields) and fields[position]:
            touched.append(_Touched.read(fields[position], fields[position + 1]))
            position += 2
        yield _revision(facts, touched)


def _stands_before_a_merge(fields: list[str]) -> bool:
    """Whether a field is the empty one that git adds between the facts of a merge and what it changed."""
    return fields[:1] == [""] and "".join(fields[1:])[:1] in ("", ":")


def _revision(facts: list[str], touched: list[_Touched]) -> Revision:
    name, parents, author, email, time, committer, address, committed, message = facts
    return Revision(
        id=name,
        parents=tuple(parents.split()),
        author=Person(author, email),
        time=_moment(time),
        committer=Person(committer, address),
        committed=_moment(committed),
        message=message.rstrip("\n"),
        changes={one.path: one.status for one in touched},
        before={one.path: one.before.id for one in touched if one.before.is_file},
        after={one.path: one.after.id for one in touched if one.after.is_file},
    )


def _moment(seconds: str) -> datetime:
    # Anybody can write a commit with a time that no calendar has.
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
