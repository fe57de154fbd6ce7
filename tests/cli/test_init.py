"""`init`: a folder that is ready for backups, and nothing of anybody's overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_standin.server import Server
from lightdash_sync.errors import ConfigError
from lightdash_sync.scaffold import settings_text
from lightdash_sync.settings import Environment, read_file
from tests.cli.nights import bare_machine
from tests.cli.running import fails, run
from tests.git.hands import Hands
from tests.worlds import demo_world

URL = "https://lightdash.example.com"
JOB = ".github/workflows/lightdash-backup.yml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, on a machine where git knows nobody."""
    bare_machine(monkeypatch, tmp_path)
    made = tmp_path / "work"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def test_init_then_backup(folder: Path) -> None:
    """Two commands lead from nothing to a first backup, and leave nothing that git would ask about."""
    with Server(demo_world()) as server:
        env = {"LIGHTDASH_API_KEY": server.world.tokens["admin"]}
        project = server.world.projects["production"]
        done = run("init", "--url", server.url, "--project", project, "--json", env=env)
        assert done.json["new_repository"]
        assert [one["result"] for one in done.json["files"]] == ["created"] * 4
        done = run("backup", env=env)
    assert (done.code, "1 commit" in done.out) == (0, True), done.err
    status = set(Hands(folder).status().splitlines())
    assert status == {"?? .gitattributes", "?? .github/", "?? .gitignore", "?? lightdash-sync.toml"}
    assert server.world.tokens["admin"] not in "".join(
        path.read_text() for path in folder.rglob("*") if path.is_file() and ".git/" not in str(path)
    )


def test_the_settings_are_the_current_ones(folder: Path) -> None:
    """Options and variables become the environment; where the token is is named, and no token written."""
    env = {
        "LIGHTDASH_INSTANCE_URL": URL,
        "LIGHTDASH_ACCESS_TOKEN": "secret",
        "LIGHTDASH_PROJECT": "Päckchen 🚀",
    }
    assert run("init", "--env", "staging", "--concurrency", "3", env=env).code == 0
    told = read_file(Path("lightdash-sync.toml")).env["staging"]
    assert told == Environment(
        url=URL, project="Päckchen 🚀", token_env="LIGHTDASH_ACCESS_TOKEN", concurrency=3
    )
    assert "secret" not in Path("lightdash-sync.toml").read_text()


def test_what_is_there_stays(folder: Path) -> None:
    """A second init changes nothing; files of somebody's are kept, and only lines are added."""
    Path(".gitignore").write_text("*.pyc")
    Path("lightdash-sync.toml").write_text(f'[env.mine]\nurl = "{URL}"\n')
    done = run("init", "--url", URL, "--json").json
    assert {Path(one["path"]).name: one["result"] for one in done["files"]} == {
        "lightdash-sync.toml": "kept",
        ".gitignore": "extended",
        ".gitattributes": "created",
        "lightdash-backup.yml": "created",
    }
    assert Path(".gitignore").read_text().startswith("*.pyc\n#")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = run("init", "--url", URL, "--json").json
    assert {one["result"] for one in again["files"]} == {"kept"}
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_inside_a_repository(folder: Path) -> None:
    """The settings go into the folder, the job to where CI looks for it, and it names the settings."""
    Hands(folder).git("init", "-q")
    assert run("init", "--url", URL, "bi/a folder", "--ci", "gitlab").code == 0
    assert Path("bi/a folder/lightdash-sync.toml").exists()
    assert "backup --config 'bi/a folder/lightdash-sync.toml' --all" in Path(".gitlab-ci.yml").read_text()
    assert run("init", "--url", URL, "--ci", "none").code == 0
    assert not Path(JOB).exists()


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        ([], {}),
        (["--url", "http://lightdash.example.com"], {}),
        (["--url", "https://me:secret@lightdash.example.com"], {}),
        (["--url", URL, "--env", "../x"], {}),
        (["--url", URL, "--env", "A b"], {}),
        (["--url", URL, "--ci", "jenkins"], {}),
    ],
)
def test_bad_settings_are_wrong_usage(folder: Path, arguments: list[str], env: dict[str, str]) -> None:
    """Exit 2, and no settings are written."""
    fails(run("init", *arguments, env=env), 2)
    assert not Path("lightdash-sync.toml").exists()


def test_a_broken_settings_file_and_links_are_told(folder: Path) -> None:
    """What is there and makes no sense is an error, not a folder that only looks ready."""
    Path("lightdash-sync.toml").write_text("[env")
    fails(run("init", "--url", URL), 2)
    Path("lightdash-sync.toml").unlink()
    Path(".gitignore").symlink_to("/etc/hostname")
    fails(run("init", "--url", URL), 2)
    Path(".gitignore").unlink()
    Path(".gitignore").write_bytes(b"\xff\xfe")
    fails(run("init", "--url", URL), 2)


def test_no_job_is_written_where_a_link_leads(folder: Path, tmp_path: Path) -> None:
    """A folder of CI jobs may be a link that came with a commit."""
    (tmp_path / "elsewhere").mkdir()
    Path(".github").symlink_to(tmp_path / "elsewhere")
    fails(run("init", "--url", URL), 2)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("odd", ['"quoted"', "back\\slash", "tab\t", "\x7f", "line\nbreak", "☕", "${{ x }}"])
def test_odd_characters_survive_in_settings(odd: str, tmp_path: Path) -> None:
    """What a project is called comes back from the file as it went in."""
    path = tmp_path / "lightdash-sync.toml"
    path.write_text(settings_text("production", Environment(url=URL, project=odd)), "utf-8")
    assert read_file(path).env["production"].project == odd


def test_what_no_file_can_hold_is_refused() -> None:
    """A lone surrogate, which no text file holds, is an error and not a damaged file."""
    with pytest.raises(ConfigError):
        settings_text("production", Environment.model_construct(url=URL, project="\ud800"))
