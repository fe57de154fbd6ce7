"""The objects of a repository, read and written without its config, hooks, attributes and refs.

Git runs in a directory that exists for one operation only and borrows the object store. So no filter,
alias, credential helper, `core.sshCommand`, `url.*.insteadOf` or lazy fetch of the repository's own
config is ever seen; the user's own (global) config is. Everything here is named by object id.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lightdash_sync.errors import GitError
from lightdash_sync.git import permissions
from lightdash_sync.git.program import Program, raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lightdash_sync.git.place import WorkTree

_AT_ONCE = 500  # blobs of one `cat-file`, so that a big snapshot is never in memory as a whole


_CHAIN = 200  # differences on top of one another: half the pack that git's 50 make, for reads of 50 ms


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file in a tree or in an index.

    Args:
        mode: `100644`, `100755`, `120000` (a link) or `160000` (a submodule).
        id: the object's id.
    """

    mode: str
    id: str

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file: no link, no submodule."""
        return self.mode.startswith("100")


@dataclass(frozen=True, slots=True)
class Objects:
    """The object store of a repository.

    Args:
        program: git in a directory of its own.
        own: that directory; it has refs of its own.
        object_format: `sha1` or `sha256`.
    """

    program: Program
    own: Path
    object_format: str

    def id(self, kind: str, data: bytes) -> str:
        """Return the id that git gives an object."""
        digest = hashlib.new(self.object_format, f"{kind} {len(data)}\0".encode(), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def tree(self, commit: str | None, folder: str) -> dict[str, TreeEntry]:
        """Return the files below a folder in a commit, by path below that folder."""
        if commit is None:
            return {}
        found = {}
        for line in self.program.ask("ls-tree", "-r", "-z", "--full-tree", commit, f"{folder}/").fields():
            facts, path = line.split("\t", 1)
            mode, _, name = facts.split(" ")
            found[path.removeprefix(f"{folder}/")] = TreeEntry(mode, name)
        return found

    def folders_with(self, commit: str, name: str) -> list[str]:
        """Return the folders, but for the top, that directly hold a regular file of a name in a commit."""
        found = []
        for line in self.program.ask("ls-tree", "-r", "-z", "--full-tree", commit).fields():
            facts, path = line.split("\t", 1)
            folder, _, last = path.rpartition("/")
            if last == name and folder and TreeEntry(*facts.split(" ")[::2]).is_file:
                found.append(folder)
        return found

    def file(self, commit: str, path: str) -> TreeEntry | None:
        """Return what a path is in a commit; None if it is not there, or a folder."""
        for line in self.program.ask("ls-tree", "-z", "--full-tree", commit, path).fields():
            mode, kind, name = line.split("\t", 1)[0].split(" ")
            return None if kind == "tree" else TreeEntry(mode, name)
        return None

    def obstacle(self, commit: str | None, folder: str) -> tuple[str, str] | None:
        """Return what stands where a folder should be in a commit: its path and mode."""
        if commit is None:
            return None
        parts = folder.split("/")
        ways = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        for line in self.program.ask("ls-tree", "-z", "-t", "--full-tree", commit, *ways).fields():
            facts, path = line.split("\t", 1)
            mode, kind, _ = facts.split(" ")
            if kind != "tree" and path in ways:
                return path, mode
        return None

    def blobs(self, names: Sequence[str], at_once: int = _AT_ONCE) -> Iterator[bytes]:
        """Yield the content of each blob, in order; some are in memory at the same time.

        Raises:
            GitError: one is missing, as in a partial clone.
        """
        for start in range(0, len(names), at_once):
            part = names[start : start + at_once]
            out = self._cat("--batch", part)
            position = 0
            for name in part:
                end = out.index(b"\n", position)
                facts = out[position:end].split(b" ")
                if len(facts) != 3:
                    raise GitError(
                        f"object {name} is not in the repository",
                        "make a partial clone (--filter) whole with `git fetch --refetch`",
                    )
                yield out[end + 1 : end + 1 + int(facts[2])]
                position = end + 2 + int(facts[2])

    def find(self, places: Sequence[tuple[str, str]]) -> list[str | None]:
        """Return the id of the file at each place, a commit and a path in it; None where there is none."""
        # One line each: of a path with a line break nothing is found.
        asked = {place: f"{place[0]}:{place[1]}" for place in places if "\n" not in place[1]}
        answers = self._cat("--batch-check=%(objectname) %(objecttype)", list(asked.values())).split(b"\n")
        ids = {
            place: answer.removesuffix(b" blob").decode()
            for place, answer in zip(asked, answers, strict=False)
            if answer.endswith(b" blob")
        }
        return [ids.get(place) for place in places]

    def _cat(self, how: str, asked: Sequence[str]) -> bytes:
        """Ask `git cat-file` about many objects in one go."""
        with tempfile.TemporaryFile() as lines:
            lines.write(raw("".join(f"{line}\n" for line in asked)))
            lines.seek(0)
            return self.program.ask("cat-file", how, stdin=lines).out

    def commit(self, name: str) -> tuple[bytes, bytes]:
        """Return the author of a commit (name, address and time, as git stores them) and its message."""
        head, _, message = self.program.ask("cat-file", "commit", name).out.partition(b"\n\n")
        author = next(line for line in head.split(b"\n") if line.startswith(b"author "))
        return author.removeprefix(b"author "), message

    def parent(self, commit: str) -> str | None:
        """Return the parent of a commit of ours; None if it is the first."""
        parents = self.program.ask("rev-list", "--parents", "--max-count=1", commit).lines()[0].split()[1:]
        return parents[0] if parents else None

    def changes(self, old: str | None, new: str) -> dict[str, TreeEntry | None]:
        """Return the files that differ between two commits, by path; None for a file that is gone."""
        before = old or self.id("tree", b"")
        fields = self.program.ask("diff-tree", "-r", "-z", "--raw", "--no-renames", before, new).fields()
        found: dict[str, TreeEntry | None] = {}
        for facts, path in zip(fields[::2], fields[1::2], strict=True):
            _, mode, _, name, status = facts.split(" ")
            found[path] = None if status == "D" else TreeEntry(mode, name)
        return found

    def take(self, write: Callable[[BinaryIO], None]) -> dict[int, str]:
        """Run `git fast-import` on what a function writes; return the id of each mark in it.

        All or nothing: until a ref names them, the new objects are seen by nobody. What is written goes
        to git at once, so that thousands of commits need neither memory nor a file for all of it.

        Raises:
            GitError: git refused, or the function did; its own errors come through as they are.
        """
        marks = self.own / "marks"
        options = (
            "--quiet",
            "--done",
            "--force",  # the ref that it moves is this directory's own, and may be from a stream before
            "--date-format=raw",
            f"--depth={_CHAIN}",
            f"--export-marks={marks}",
        )
        reader, writer = os.pipe()
        with ThreadPoolExecutor(1) as pool:
            fed = pool.submit(_feed, writer, write)
            with os.fdopen(reader, "rb") as stream:  # closed before the thread is waited for: see _feed
                refusal = None
                try:
                    self.program.ask("fast-import", *options, stdin=stream, deadline=600)
                except GitError as error:
                    refusal = error
        fed.result()
        if refusal is not None:
            raise refusal
        pairs = (line.split() for line in marks.read_text("ascii").splitlines())
        return {int(mark.removeprefix(":")): name for mark, name in pairs}


@contextlib.contextmanager
def opened(
    place: WorkTree, environment: Mapping[str, str] | None = None, *, writing: bool = False
) -> Iterator[Objects]:
    """Borrow the object store of a repository for one operation.

    Args:
        place: of the repository.
        environment: variables for git.
        writing: whether objects are written, with the permissions that the repository asks for.
    """
    with tempfile.TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True) as scratch:
        own = Path(scratch)
        (own / "refs" / "heads").mkdir(parents=True)
        (own / "HEAD").write_text("ref: refs/heads/none\n")
        extended = place.object_format != "sha1"
        config = f"[core]\n\trepositoryformatversion = {int(extended)}\n\tbare = true\n"
        if writing and (mode := permissions.shared(place)) is not None:
            config += f"\tsharedRepository = {permissions.in_config(mode)}\n"
        if extended:
            config += f"[extensions]\n\tobjectFormat = {place.object_format}\n"
        (own / "config").write_text(config)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(place.common / "shallow", own / "shallow")
        variables = {"GIT_DIR": str(own), "GIT_OBJECT_DIRECTORY": str(place.common / "objects")}
        yield Objects(Program(place.root, {**variables, **(environment or {})}), own, place.object_format)


def _feed(writer: int, write: Callable[[BinaryIO], None]) -> None:
    """Write into a pipe until all is written, or nobody reads any more: then git has told why."""
    with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as file:
        write(file)


def quoted(path: str) -> bytes:
    """Return a path as fast-import reads it, whatever characters are in it."""
    escaped = b"".join(
        bytes([byte]) if 0x20 <= byte < 0x7F and byte not in b'"\\' else b"\\%03o" % byte
        for byte in raw(path)
    )
    return b'"' + escaped + b'"'
