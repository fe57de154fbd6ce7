"""What a person sees on a terminal is what a pipe gets, whatever the width and the colours.

Each story is told several times, by worlds that are alike: once into pipes, which is the reference, and on
pseudo-terminals. What is compared is the screen as it stands when the command has ended.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.apply.small_world import small_world
from tests.cli.running import Done
from tests.cli.screens import Seen, run_on_screen
from tests.promotion.worlds import promotion_desk
from tests.sync.desk import TARGET, Desk, desk_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Terminal(NamedTuple):
    """A terminal, and whether stdout goes there, too."""

    columns: int
    colour: bool = True
    piped: bool = False


TERMINALS = {
    "80 columns": Terminal(80),
    "200 columns without colour": Terminal(200, colour=False),
    "a pipe for stdout": Terminal(80, piped=True),
}


@dataclass(frozen=True)
class Step:
    """A command of a story.

    Attributes:
        command: with a space between the words.
        code: how it ends.
        before: what happens before it.
    """

    command: str
    code: int = 0
    before: Callable[[Desk], object] | None = None


def _keep(desk: Desk) -> None:
    """Commit the target's snapshot."""
    desk.do("backup", "--env", TARGET)


def _delete(desk: Desk) -> None:
    """Delete a chart of the target."""
    chart = next(
        one.uuid for one in desk.world.charts.values()
        if one.space_uuid and desk.world.spaces[one.space_uuid].project_uuid == desk.projects[TARGET]
    )  # fmt: skip
    desk.send("DELETE", f"/saved/{chart}")


WHOLE = "--from source --to target --allow-twins all"
MOVE = [
    Step("export --env source"),
    Step(f"plan {WHOLE}"),
    Step(f"apply {WHOLE}"),
    Step(f"apply {WHOLE}"),
    Step("runs --to target"),
    Step("undo --to target"),
    Step(f"plan {WHOLE} -o plan.json"),
    Step("apply plan.json"),
    Step("backup --env target"),
    Step("restore --at HEAD --to target", before=_delete),
    Step("link show --to target"),
]
LOOK = [
    Step("backup --env source"),
    Step("export --env source --no-history"),
    Step("verify snapshots/source --live --env source"),
    Step("diff git:HEAD:snapshots/source source"),
    Step("diff source target --exit-code", code=6),
    Step("status --live"),
    Step("export --env source --format lightdash-yaml"),
    Step("plan --from lightdash --to source"),
    Step("log --env source"),
    Step("doctor --env source"),
    Step("backup --env nowhere", code=2),
]
PROMOTE = [
    Step("promote review --env preview --chart changed"),
    Step("promote run --env preview --chart changed"),
    Step("promote review --env preview", code=4),
    Step("undo --to production"),
    Step("promote run --env preview --to staging --via replay --chart changed --allow-twins all"),
]
STORIES = {"move": MOVE, "look": LOOK, "promote": PROMOTE}


@contextmanager
def _world_of(story: str, folder: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        if story == "promote":
            desk = stack.enter_context(promotion_desk(folder))
        else:
            desk = stack.enter_context(desk_at(small_world(), folder))
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        yield desk


def _piped(desk: Desk, step: Step) -> Done:
    if step.before:
        step.before(desk)
    words = step.command.split(" ")
    asks = words[0] in ("apply", "undo", "restore") or words[:2] == ["promote", "run"]
    return desk.do(*words, *(["--yes"] if asks and words[-1] != "plan.json" else []), code=step.code)


def _seen(desk: Desk, step: Step, terminal: Terminal) -> Seen:
    if step.before:
        step.before(desk)
    env = desk.env | ({} if terminal.colour else {"NO_COLOR": "1"})
    seen = run_on_screen(
        *step.command.split(" "), home=desk.folder, env=env, columns=terminal.columns, typed="y\n",
        piped=terminal.piped,
    )  # fmt: skip
    assert seen.code == step.code, (step, seen.rows, seen.out)
    return seen


_VOLATILE = [
    (re.compile(r"127\.0\.0\.1:\d+"), "#"),
    (re.compile(r"\d+\.\d\s+s\b"), "#"),
    (re.compile(r"\d{8}T?-?\d{6}\w*(-\w+)*"), "#"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?Z?"), "#"),
    # What is created side by side has its uuids in any order.
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "#"),
    (re.compile(r"\b[0-9a-f]{10,12}\b"), "#"),
    (re.compile(r"\b\d+ requests\b"), "# requests"),  # after a question the target is read again
]


def _settled(text: str) -> str:
    """Return a text without what no two runs have alike."""
    for pattern, word in _VOLATILE:
        text = pattern.sub(word, text)
    return text


def _lines(text: str) -> list[str]:
    """Return the lines of a text, with one blank for each gap."""
    return [" ".join(line.split()) for line in _settled(text).splitlines() if line.strip()]


_PROGRESS = re.compile(r"(Reading|Writing|Making) \d+ .*")


@pytest.mark.parametrize("name", TERMINALS)
@pytest.mark.parametrize("story", STORIES)
def test_a_terminal_shows_what_a_pipe_gets(story: str, name: str, tmp_path: Path) -> None:
    """No line of a result is lost, none is added, and stdout does not depend on what stderr is."""
    terminal = TERMINALS[name]
    with _world_of(story, tmp_path / "piped") as desk:
        expected = [_piped(desk, step) for step in STORIES[story]]
    with _world_of(story, tmp_path / "shown") as desk:
        for step, piped in zip(STORIES[story], expected, strict=True):
            _compare(step, piped, _seen(desk, step, terminal), terminal)


def _compare(step: Step, piped: Done, seen: Seen, terminal: Terminal) -> None:
    assert seen.cursor, step
    assert "Traceback" not in seen.data
    if not terminal.colour:
        assert not re.search(r"\x1b\[(\d+;)*3[0-8]m", seen.data), step
    spoken = [line for line in _lines(piped.err) if not _PROGRESS.fullmatch(line)]
    if terminal.piped:
        assert _settled(seen.out) == _settled(piped.out), step
        piped = Done(piped.code, "", piped.err)
    rows = [row for row in seen.rows if "[y/N]" not in row]
    if terminal.columns >= 200:
        missing = [line for line in [*_lines(piped.out), *spoken] if line not in _lines("\n".join(rows))]
        assert not [line for line in missing if len(line) < 140], step
    assert _letters("\n".join(rows)) == _letters("\n".join([piped.out, *spoken])), step


def _letters(text: str) -> Counter[str]:
    """Count the letters of a text: narrow terminals break lines, cells of tables and uuids elsewhere."""
    return Counter(letter for letter in _settled(text) if letter.isalpha() and letter not in "abcdef")


@pytest.mark.parametrize(
    "command", ["export --env source", f"plan {WHOLE}", f"apply {WHOLE} --yes", "backup --env source"]
)
def test_ctrl_c_in_the_middle_leaves_the_terminal_as_it_was(command: str, tmp_path: Path) -> None:
    """The cursor is visible again, no bar is left behind, and the last line says what happened."""
    interrupted = False

    def interrupt(data: str, process: subprocess.Popen[str]) -> None:
        nonlocal interrupted
        if "1/" in data and not interrupted:
            interrupted = True
            process.send_signal(signal.SIGINT)

    with _world_of("move", tmp_path / "work") as desk:
        desk.server.app.latency = 0.05
        seen = run_on_screen(*command.split(" "), home=desk.folder, env=desk.env, watch=interrupt)
    assert interrupted
    assert seen.code == 130, seen.rows
    assert seen.cursor
    assert "Traceback" not in seen.data
    assert not any("━" in row for row in seen.rows), seen.rows
    assert any("interrupted" in row for row in seen.rows), seen.rows


def test_addresses_and_commands_can_be_copied_from_a_narrow_terminal(tmp_path: Path) -> None:
    """Only the terminal breaks them, so that they are one line to whoever selects them."""
    with _world_of("move", tmp_path / "work") as desk:
        words = f"apply {WHOLE} --yes".split(" ")
        seen = run_on_screen(*words, home=desk.folder, env=desk.env, columns=40)
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in seen.data.split("\r\n")]
    addresses = [line.split()[-1] for line in lines if "http://" in line]
    assert addresses
    assert all(re.fullmatch(r"http://[^ ]+/[0-9a-f-]{36}(/[a-z]+)?", one) for one in addresses), addresses
    assert any(line.rstrip().endswith("--to target") for line in lines if "lightdash-sync undo" in line)
