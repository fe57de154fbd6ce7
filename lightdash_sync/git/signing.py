"""Signatures of commits, where the config asks for them (`commit.gpgSign`).

A commit is signed by git itself, in a directory of its own: `gpg.format` and `user.signingKey` are taken
over by value, while programs (`gpg.program` and the like) come from the user's own config only. Nothing can
ask for a passphrase, so whether signing works is tried before a backup begins.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError
from lightdash_sync.git import branches, objects, settings
from lightdash_sync.git.program import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightdash_sync.git.objects import Objects
    from lightdash_sync.git.place import WorkTree
    from lightdash_sync.git.program import Program

_ON = ("true", "yes", "on", "1")
_BY_VALUE = ("gpg.format", "user.signingKey")


@dataclass(frozen=True, slots=True)
class Signing:
    """How to sign.

    Args:
        config: what git is told of it.
    """

    config: tuple[tuple[str, str], ...]

    def sign(self, store: Objects, commits: Sequence[str]) -> list[str]:
        """Make signed commits of a series of new ones, oldest first; return their ids.

        Raises:
            GitError: git could not sign.
        """
        signed: list[str] = []
        for name in commits:
            head, _, message = store.program.ask("cat-file", "commit", name).out.partition(b"\n\n")
            facts = [line.split(" ", 1) for line in text(head).splitlines()]
            parents = [value for fact, value in facts if fact == "parent"]
            if signed:
                parents = signed[-1:]
            variables: dict[str, str] = {}
            for fact, value in facts:
                if fact in ("author", "committer"):
                    variables |= _as_variables(fact.upper(), value)
            tree = next(value for fact, value in facts if fact == "tree")
            signed.append(self.commit(store.program, tree, parents, message, variables))
        return signed

    def commit(
        self, git: Program, tree: str, parents: Sequence[str], message: bytes, variables: Mapping[str, str]
    ) -> str:
        """Make one signed commit; return its id."""
        program = replace(git, environment={**git.environment, **variables})
        told = [part for parent in parents for part in ("-p", parent)]
        with tempfile.TemporaryFile() as file:
            file.write(message)
            file.seek(0)
            answer = program.run("commit-tree", "-S", *told, tree, stdin=file, settings=self.config)
        if answer.status:
            why = "; ".join(line.strip() for line in answer.error.splitlines() if line.strip())
            raise GitError(
                f"commits cannot be signed, though git's config asks for it (commit.gpgSign): {why}",
                "nothing can ask for a passphrase here: set user.signingKey to a key that needs none, or run "
                "an agent that has it; `git config commit.gpgSign false` does without in this repository",
            )
        return answer.lines()[0]


def configured(place: WorkTree) -> Signing | None:
    """Return how commits are to be signed; None if the config does not ask for it.

    Also None if the repository's own config names the program that signs: it may have come with the
    repository, and is not run. `require` refuses that before anything is done.
    """
    config = settings.read(place)
    if _programs(config) or (config.configured("commit.gpgsign") or "").lower() not in _ON:
        return None
    found = [(key, config.configured(key.lower())) for key in _BY_VALUE]
    return Signing((*((key, value) for key, value in found if value), ("i18n.commitEncoding", "UTF-8")))


def _programs(config: settings.GitSettings) -> list[str]:
    return [key for key, _ in config.own() if key.startswith("gpg.") and key.endswith(("program", "command"))]


def require(place: WorkTree) -> None:
    """Require that commits can be signed, if they are to be.

    Raises:
        GitError: git could not sign a commit that is thrown away.
    """
    config = settings.read(place)
    if (programs := _programs(config)) and (config.configured("commit.gpgsign") or "").lower() in _ON:
        raise GitError(
            f"commits are to be signed (commit.gpgSign), with a program that the repository's own config "
            f"names ({programs[0]}), which is not run",
            f"set it in your own config, with `git config --global {programs[0]} …`, and unset it here",
        )
    found = configured(place)
    if found is None:
        return
    with objects.opened(place) as store:
        elsewhere = store.own / "objects"
        elsewhere.mkdir()
        own = {**store.program.environment, "GIT_OBJECT_DIRECTORY": str(elsewhere)}
        program = replace(store.program, environment=own)
        tree = program.ask("mktree").lines()[0]
        ident = text(branches.committer(place))
        people = _as_variables("AUTHOR", ident) | _as_variables("COMMITTER", ident)
        found.commit(program, tree, (), b"Try to sign\n", people)


def _as_variables(role: str, ident: str) -> dict[str, str]:
    """Return name, address and time, as git stores them, as git's variables."""
    who, _, when = ident.rpartition("> ")
    name, _, email = who.partition(" <")
    return {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email, f"GIT_{role}_DATE": f"@{when}"}
