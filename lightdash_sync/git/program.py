"""The git program, run so that nothing of a repository is executed.

The only module that imports GitPython, and of GitPython only the part that starts git: its index and
its objects are slower, and run hooks. Every run has hooks, fsmonitor, signatures, pagers, automatic
maintenance and fetches of missing objects off, a deadline, no terminal to ask on, and arguments as a list.

What this alone cannot switch off (filters, credential helpers, `core.sshCommand` and the like in a
repository's own config) is kept away by `objects`, which runs git without that config.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from lightdash_sync.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEADLINE = 120.0
"""Seconds that one run of git may take on this machine."""

NETWORK_DEADLINE = 600.0
"""Seconds that one fetch or push may take."""

_GRACE = 2.0
"""Seconds that git has to take its lock files away before it is killed."""

_OVERRIDES = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.fsync", "all"),  # what is reported as committed survives a loss of power (git 2.36 or newer)
    ("commit.gpgSign", "false"),
    ("push.gpgSign", "false"),
    ("push.followTags", "false"),
    ("log.showSignature", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("push.recurseSubmodules", "no"),
    ("fetch.recurseSubmodules", "no"),
    ("protocol.ext.allow", "never"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("color.ui", "false"),
)

_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    # Git ends if one of these says otherwise.
    "GIT_GLOB_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_ICASE_PATHSPECS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PAGER": "cat",
    # A partial clone fetches missing objects with whatever program its config names. The first line
    # forbids it in git 2.45 and newer, the second in every version: no protocol has this name.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}

NETWORK = {"GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh"}
"""Environment for the runs that may use a network."""


@dataclass(frozen=True, slots=True)
class GitResult:
    """What one run of git gave."""

    status: int
    out: bytes
    error: str

    def lines(self) -> list[str]:
        """Return the output as lines of text."""
        return text(self.out).splitlines()

    def fields(self) -> list[str]:
        """Return the output as the texts that NUL characters end."""
        return text(self.out).split("\0")[:-1]


@dataclass(frozen=True, slots=True)
class Program:
    """git in one directory, with additions to its environment.

    Args:
        directory: where it runs.
        environment: variables on top of those that keep it safe.
    """

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        *arguments: str,
        stdin: BinaryIO | None = None,
        settings: Sequence[tuple[str, str]] = (),
        deadline: float = DEADLINE,
    ) -> GitResult:
        """Run one git command to its end, whatever its status.

        Args:
            arguments: the command and its arguments; never a secret, other users can see them.
            stdin: an open file to read from, else nothing.
            settings: config for this run; handed over where other users cannot see it.
            deadline: seconds until it is stopped.

        Raises:
            GitError: git is not there, or took too long.
        """
        overrides = [part for key, value in _OVERRIDES for part in ("-c", f"{key}={value}")]
        command = ["--no-pager", "-C", str(self.directory), *overrides, *arguments]
        process = _started(command, {**_ENVIRONMENT, **self.environment, **_handed_over(settings)}, stdin)
        try:
            out, error = process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            _stop(process)
            raise GitError(f"git {arguments[0]} took longer than {deadline:g} s and was stopped") from None
        except BaseException:
            _stop(process)
            raise
        return GitResult(process.returncode, out, redacted(text(error)))

    def ask(
        self,
        *arguments: str,
        stdin: BinaryIO | None = None,
        settings: Sequence[tuple[str, str]] = (),
        deadline: float = DEADLINE,
    ) -> GitResult:
        """Run one git command that has to succeed.

        Raises:
            GitError: it did not; the message has git's own words.
        """
        answer = self.run(*arguments, stdin=stdin, settings=settings, deadline=deadline)
        if answer.status:
            raise failure(arguments[0], answer, self.directory)
        return answer


def text(data: bytes) -> str:
    """Decode what git wrote; bytes that are not UTF-8 survive a way back through `raw`."""
    return data.decode("utf-8", "surrogateescape")


def raw(name: str) -> bytes:
    """Return the exact inverse of `text`."""
    return name.encode("utf-8", "surrogateescape")


def failure(command: str, answer: GitResult, directory: Path | None = None) -> GitError:
    """Return the error for a run that failed, with the next step for causes that are known."""
    lines = [line.strip() for line in answer.error.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"fatal:|error:|remote:|! ", line)] or lines[-1:]
    if any("Could not read from remote" in line for line in telling):  # the reason is in ssh's own words
        telling = [
            line for line in lines if not re.match(r"Please make sure|and the repository exists", line)
        ]
    reason = "; ".join(telling[:4]) or f"exit status {answer.status}"
    hint = ""
    if lock := re.search(r"'([^']+\.lock)': File exists", answer.error):
        hint = f"another git process is at work there; if none is, remove {lock[1]}"
    elif re.search(r"No space left on device|Out of diskspace", answer.error):
        where = f" of {directory}" if directory else ""
        hint = f"make room on the disk{where} and run again"
    return GitError(f"git {command}: {reason}", hint)


def redacted(message: str) -> str:
    """Return a message without the credentials and queries of the URLs in it."""
    return re.sub(r"(://[^\s?'\"]+)\?[^\s'\"]*", r"\1?***", re.sub(r"(?<=://)[^/\s'\"]*@", "***@", message))


def _handed_over(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return config as variables, after what the user's own variables already hold."""
    if not settings:
        return {}
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdigit() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


def _started(arguments: list[str], environment: Mapping[str, str], stdin: BinaryIO | None) -> Any:
    # Imported here because it takes a tenth of a second, and told to be quiet because without git on
    # the machine the import itself would fail, for commands too that need no git.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import git

    program = git.Git()
    executable = str(program.GIT_PYTHON_GIT_EXECUTABLE or "git")
    try:
        # A session of its own: nothing can ask on the terminal, and the helpers of git can be stopped
        # with it. GitPython's own time limit is not used: its timer outlives Ctrl-C.
        return program.execute(
            [executable, *arguments],
            istream=stdin,
            as_process=True,
            shell=False,
            env=environment,
            start_new_session=True,
        )
    except (git.GitCommandNotFound, OSError) as problem:
        raise GitError(
            "git could not be started", "install git 2.31 or newer and see that it is on the PATH"
        ) from problem


def _stop(process: Any) -> None:
    """Stop git and its helpers: kindly first, so that no lock file stays."""
    _signal(process.pid, signal.SIGTERM)
    try:
        process.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        _signal(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE)


def _signal(pid: int, kind: int) -> None:
    send = getattr(os, "killpg", os.kill)  # Windows has no groups; there the helpers end with their pipes
    with contextlib.suppress(OSError):
        send(pid, kind)
