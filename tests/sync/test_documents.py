"""Whatever stands in a file that this tool reads: it is understood, or refused in words, never a traceback.

An error names the file, and where it is not a matter of the bytes, the place in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightdash_sync.ascode.write import _remembered
from lightdash_sync.content.authorship import version_stamp
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, parse, sha256
from lightdash_sync.content.naming import layouts_of
from lightdash_sync.content.tree import Tree
from lightdash_sync.errors import SyncError
from lightdash_sync.export.last_run import read_last_run
from lightdash_sync.promotion import approval
from lightdash_sync.promotion.approval import read_approved
from lightdash_sync.settings import ConnectionOptions, known_environments, load_settings
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.snapshot.manifest import Manifest
from lightdash_sync.snapshot.write import beside, state_of
from lightdash_sync.sync.apply.journal import read_journal
from lightdash_sync.sync.plan.document import read_plan
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.runs import Run
from lightdash_sync.sync.state import LINK, State
from tests.apply.small_world import small_world
from tests.sync.damaging import Sign, damaged, signed_approval, signed_plan
from tests.sync.desk import FROM_TO, SOURCE, TO, Desk, desk_at

MANY = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Written:
    """What the tool wrote, once: documents by name, and the folder of a person who has them all."""

    desk: Desk
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """An export, a plan, its apply, reviews of both kinds: everything that is read again later."""
    folder = tmp_path_factory.mktemp("documents")
    with desk_at(small_world(), folder / "work") as desk:
        desk.do("export", "--env", SOURCE)
        desk.do("plan", *FROM_TO, "--adopt-by-name", "-o", "plan.json", "--allow-twins", "all")
        replay = ("--via", "replay", "--env", SOURCE, *TO, "--allow-twins", "all")
        desk.do("promote", "review", *replay, "--format", "json", "-o", "replay.json")
        desk.do("export", "--env", SOURCE, "--path", "tree", "--format", "lightdash-yaml")
        desk.do("apply", "plan.json", "--yes")
        run, snapshots = desk.runs[-1], desk.folder / "snapshots"
        places = {
            "plan": Path("plan.json"), "replay": Path("replay.json"), "result": run / "result.json",
            "journal": run / "journal.jsonl", "identity": snapshots / SOURCE / IDENTITY,
            "memory": desk.memory / IDENTITY, "manifest": snapshots / SOURCE / MANIFEST,
            "state": state_of(snapshots / SOURCE), "written": beside(Path("tree"), "written.json"),
            "settings": Path("lightdash-sync.toml"),
        }  # fmt: skip
        yield Written(desk, {name: path.read_bytes() for name, path in places.items()})


def _require_words(read: Callable[[], object], names: str = "") -> None:
    """Require that something is read, or refused with an error that is the user's, and names a file."""
    said = names or "words"
    try:
        read()
    except SyncError as error:
        said = error.message
    assert said
    assert names in said


def _plan(data: bytes) -> None:
    plan = read_plan(data, "my plan.json")
    plan.refusals(), operations(plan), [(step.name, step.verb) for step in plan.steps]


def _identity(data: bytes) -> None:
    identity = Identity.from_bytes(data)
    for kind, entries in identity.items.items():
        for facts in entries.values():
            version_stamp(kind, facts), layouts_of(facts)
    memory = State(Tree.of({}, identity))
    memory.settled, memory.former, memory.known(LINK), memory.as_now(memory.links)


CASES: list[tuple[str, Callable[[bytes], object], Sign | None, str]] = [
    ("plan", _plan, signed_plan, "my plan.json"),
    ("replay", lambda data: approval.from_bytes(data, "replay.json"), signed_approval, "replay.json"),
    ("identity", _identity, None, "identity.json"),
    ("memory", _identity, None, "identity.json"),
    ("manifest", Manifest.from_bytes, None, "snapshot"),
]


@MANY
@given(st.data())
@pytest.mark.parametrize(("name", "read", "sign", "names"), CASES)
def test_a_damaged_document_is_refused_in_words(
    written: Written, name: str, read: Callable[[bytes], object], sign: Sign | None, names: str,
    data: st.DataObject,
) -> None:  # fmt: skip
    bad = data.draw(damaged(written.files[name], sign))
    _require_words(lambda: read(bad), names)


REVIEW = canonical({
    "anything": "else",
    "approval": {
        "source": "staging", "source_project": "u", "project": "p", "accepted": ["chart:a"],
        "selection": {"dashboards": ["a"], "charts": [], "spaces": [], "all": False, "changed": True},
        "items": {"chart:a": {"said": "update", "before": None, "after": "h", "verdicts": ["x"]}},
    },
    "digest": "",
})  # fmt: skip


@MANY
@given(damaged(REVIEW, signed_approval))
def test_a_damaged_review_is_refused_in_words(data: bytes) -> None:
    _require_words(lambda: read_approved(data, "review.json"), "review.json")


@MANY
@given(st.data())
@pytest.mark.parametrize("name", ["plan.json", "result.json", "approved.json", "journal.jsonl"])
def test_a_damaged_run_says_what_of_it_is_damaged(
    written: Written, tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    """Its damage is told in words that name run and file, and whatever is not damaged can be used."""
    folder = tmp_path_factory.mktemp("run") / "20260302T083005Z-aaaaaaaa"
    shutil.copytree(written.desk.runs[-1], folder)
    good = (folder / name).read_bytes() if name != "approved.json" else canonical({"digest": "d"})
    if name == "journal.jsonl":
        lines = good.splitlines()
        number = data.draw(st.integers(0, len(lines) - 1))
        lines[number] = b" ".join(data.draw(damaged(lines[number])).split())
        bad = b"\n".join(lines) + data.draw(st.sampled_from([b"", b"\n"]))
    else:
        bad = data.draw(damaged(good, signed_plan if name == "plan.json" else None))
    (folder / name).write_bytes(bad)
    run = Run(folder)
    if damage := run.damage():
        assert f"the run {folder.name} is damaged" in damage
        assert name.split(".")[0] in damage
        with pytest.raises(SyncError):
            run.require_whole()
    else:
        run.created(), run.result(), run.approved(), operations(run.plan())


@MANY
@given(st.data())
def test_damaged_notes_for_the_next_run_are_none(
    written: Written, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """When the last export was, and what was written as code, can be lost: nothing depends on it."""
    target = tmp_path_factory.mktemp("notes") / "out"
    state_of(target).write_bytes(data.draw(damaged(written.files["state"])))
    beside(target, "written.json").write_bytes(data.draw(damaged(written.files["written"])))
    state, remembered = read_last_run(target), _remembered(target)
    assert state is None or state.since_full >= 0
    assert all(isinstance(sha, str) for sha in remembered.values())


_TOML = st.sampled_from(
    ["5", "true", '""', '"x"', "[]", '["x"]', "[[1]]", "{}", '{x = "y"}', "2026-03-02", "1.5", '"\\u0000"']
)


@MANY
@given(st.data())
def test_damaged_settings_are_refused_in_words(
    written: Written, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("settings") / "lightdash-sync.toml"
    lines = written.files["settings"].decode().splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        name = lines[number].split("=")[0]
        names = [
            "path",
            "recipients",
            "token_command",
            "token_file",
            "ca_bundle",
            "concurrency",
            "default",
            name,
        ]
        lines[number] = f"{data.draw(st.sampled_from(names))} = {data.draw(_TOML)}"
    text = "\n".join(lines)
    file.write_text(text[: data.draw(st.sampled_from([len(text), len(text) // 2]))])
    _require_words(lambda: known_environments(file.parent, file), "lightdash-sync.toml")
    for name in ("source", "target"):
        _require_words(lambda name=name: load_settings(ConnectionOptions(env=name), {}, file.parent, file))  # type: ignore[misc]


def _rehashed(folder: Path, path: str, data: bytes) -> None:
    """Write a file into a snapshot, as somebody would who wants to be believed."""
    (folder / path).write_bytes(data)
    document = parse((folder / MANIFEST).read_bytes())
    assert isinstance(document, dict)
    files = document["files"]
    assert isinstance(files, dict)
    files[path] = sha256(data)
    (folder / MANIFEST).write_bytes(canonical(document))


def _content_paths(folder: Path) -> list[str]:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
    return sorted(path for path in files if path == IDENTITY or parse_path(path))


@FEW
@given(st.data())
def test_a_snapshot_with_ill_typed_content_is_refused_in_words(
    written: Written, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """By every command that reads it; its hashes fit, because it may come by a pull request."""
    desk, folder = written.desk, tmp_path_factory.mktemp("snapshot") / "bad"
    shutil.copytree(desk.folder / "snapshots" / SOURCE, folder)
    paths = st.lists(st.sampled_from(_content_paths(folder)), min_size=1, max_size=4, unique=True)
    for path in data.draw(paths):
        _rehashed(folder, path, data.draw(damaged((folder / path).read_bytes())))
    for words in (
        ["verify", str(folder)], ["diff", f"./snapshots/{SOURCE}", str(folder)],
        ["diff", str(folder), f"./snapshots/{SOURCE}", "--format", "html"],
        ["plan", "--from", str(folder), *TO, "--delete"], ["log", "chart:orders", "--path", str(folder)],
    ):  # fmt: skip
        desk.do(*words, may=tuple(range(13)))


@FEW
@given(st.data())
def test_a_plan_that_somebody_made_by_hand_is_applied_or_refused_in_words(
    written: Written, data: st.DataObject
) -> None:
    desk = written.desk
    bad = data.draw(damaged(written.files["plan"], signed_plan))
    (desk.folder / "bad.json").write_bytes(bad)
    desk.do("apply", "bad.json", "--yes", may=tuple(range(13)))


def test_an_error_names_the_place(written: Written) -> None:
    """Which step, which field: nobody looks through a plan of a thousand."""
    desk = written.desk
    document = parse(written.files["plan"])
    assert isinstance(document, dict)
    changed = canonical({**document, "keeps_deleted": "soon"})
    (desk.folder / "bad.json").write_bytes(changed)
    done = desk.do("apply", "bad.json", code=1)
    assert "bad.json is not as it should be: keeps_deleted: " in done.err
    path = desk.folder / "journal.jsonl"
    path.write_bytes(b'{"event":"ended"}\n{"event":"begun","op":"x"}\n')
    with pytest.raises(SyncError, match=r"line 2: op: "):
        read_journal(path)
