"""What a repository's config says, read but never obeyed as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.git.place import WorkTree

_IGNORED = re.compile(
    r"core\.(sshcommand|askpass|gitproxy)|ssh\..*|credential\..*|url\..*|protocol\..*"
    r"|http\.(?!.*extraheader$).*|remote\..*\.(receivepack|uploadpack|vcs|proxy.*|pushoption|mirror)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class GitSettings:
    """The config that git would use in a repository.

    Args:
        entries: scope (`system`, `global`, `local`, `worktree`, `command`), key and value, in order; the
            first and last part of a key are in lower case.
    """

    entries: Sequence[tuple[str, str, str]]

    def values(self, key: str) -> list[str]:
        """Return every value of a key, in order."""
        return [value for _, name, value in self.entries if name == key]

    def last(self, key: str) -> str | None:
        """Return the value of a key that counts."""
        return next(iter(self.values(key)[::-1]), None)

    def configured(self, key: str) -> str | None:
        """Return the value of a key that counts in files: without what this tool says to each run of git."""
        found = [value for scope, name, value in self.entries if name == key and scope != "command"]
        return found[-1] if found else None

    def own(self) -> list[tuple[str, str]]:
        """Return what the repository itself sets: untrusted, it may have come with it."""
        return [(key, value) for scope, key, value in self.entries if scope in ("local", "worktree")]

    def headers(self) -> list[tuple[str, str]]:
        """Return HTTP headers that the repository sets: how CI systems leave their token in a checkout."""
        return [
            (key, value)
            for key, value in self.own()
            if key.startswith("http.") and key.endswith(".extraheader")
        ]

    def ignored(self) -> list[str]:
        """Return the repository's own settings that a push would obey and ours does not."""
        return sorted({key for key, _ in self.own() if _IGNORED.fullmatch(key)})

    def disarmed(self) -> list[tuple[str, str]]:
        """Return config that lets no filter run, whoever set it up and wherever it is asked for."""
        keys = {
            key.rpartition(".")[0] for _, key, _ in self.entries if re.match(r"filter\..+\.", key, re.DOTALL)
        }
        off = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
        return [(f"{key}.{name}", value) for key in sorted(keys) for name, value in off]


def read(place: WorkTree) -> GitSettings:
    """Read the config of a repository; includes are followed, nothing is run."""
    fields = place.program.ask("config", "--list", "--null", "--includes", "--show-scope").fields()
    entries = []
    for scope, item in zip(fields[::2], fields[1::2], strict=True):
        key, _, value = item.partition("\n")
        entries.append((scope, key, value))
    return GitSettings(entries)


def remote_name(settings: GitSettings, branch: str) -> str:
    """Return the remote that git would push a branch to.

    Raises:
        GitError: there is none, or more than one to choose from.
    """
    for key in (f"branch.{branch}.pushremote", "remote.pushdefault", f"branch.{branch}.remote"):
        if (name := settings.last(key)) is not None:
            return name
    names = {
        key.split(".", 1)[1].rpartition(".")[0] for _, key, _ in settings.entries if key.startswith("remote.")
    }
    names = {name for name in names if settings.values(f"remote.{name}.url")}
    if "origin" in names:
        return "origin"
    if len(names) == 1:
        return names.pop()
    raise GitError(
        "there is no remote to push to"
        if not names
        else f"which remote to push to? {', '.join(sorted(names))}",
        "add one with `git remote add origin URL`" if not names else "name one, or set remote.pushDefault",
    )
