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


@pytest.mark.parametrize(
    "path", ["backups/prod", "prod", "bi snapshots/a#b", "we[ir]d/p", "snapshots/deep/x"]
)
def test_init_protects_the_paths_of_the_settings(folder: Path, path: str) -> None:
    """Wherever `path` puts a snapshot: git leaves its line ends, and ignores what lies beside it only."""
    hands = Hands(folder)
    Path("lightdash-sync.toml").write_text(
        f'[env.usual]\nurl = "{URL}"\n[env.mine]\nurl = "{URL}"\npath = "{path}"\n'
    )
    done = run("init", "--ci", "none")
    assert done.code == 0, done.err
    for one in ("snapshots/usual", path, f"{path}.sync"):
        told = hands.git("check-attr", "-z", "text", "--", f"{one}/charts/a.json").split("\0")
        assert told[2] == "unset", one
    parent, _, name = path.rpartition("/")
    beside = f"{parent}/.{name}.".lstrip("/")
    for one in (
        f"{beside}lock",
        f"{beside}state.json",
        f"{beside}local/live/a.json",
        "snapshots/.usual.lock",
    ):
        hands.git("check-ignore", "-q", "--", one)
    for one in (".env", ".github/x", f"{parent}/.mine".lstrip("/"), f"{path}/charts/a.json"):
        if not one.startswith("snapshots/."):
            hands.git("check-ignore", "-q", "--", one, status=1)
    before = {name: Path(name).read_text() for name in (".gitignore", ".gitattributes")}
    assert run("init", "--ci", "none").code == 0
    assert {name: Path(name).read_text() for name in before} == before


def _clone(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clone a repository as git for Windows does, and go there."""
    Hands(tmp_path).git("-c", "core.autocrlf=true", "clone", "-q", str(folder), "clone")
    Hands(tmp_path / "clone").git("config", "core.autocrlf", "true")
    monkeypatch.chdir(tmp_path / "clone")
    return tmp_path / "clone"


def test_a_clone_with_line_ends_of_windows_is_whole_after_init(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(demo_world()) as server:
        env = {"LIGHTDASH_API_KEY": server.world.tokens["admin"]}
        project = server.world.projects["production"]
        Path("lightdash-sync.toml").write_text(
            f'[env.production]\nurl = "{server.url}"\nproject = "{project}"\npath = "backups/prod"\n'
            'token_env = "LIGHTDASH_API_KEY"\n'
        )
        assert run("init", "--ci", "none", env=env).code == 0
        done = run("backup", env=env)
    assert done.code == 0, done.err
    assert "line ends" not in done.err
    Hands(folder).git("add", "-A")
    Hands(folder).git("commit", "-qm", "Set up")
    _clone(folder, tmp_path, monkeypatch)
    assert run("verify", "backups/prod").code == 0


def test_line_ends_of_windows_are_said_and_mended(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without init, a first backup says what may happen; where it did, the command that is named mends it."""
    Hands(folder).git("init", "-q", "--initial-branch=main")
    with Server(demo_world()) as server:
        env = {"LIGHTDASH_API_KEY": server.world.tokens["admin"]}
        project = server.world.projects["production"]
        Path("lightdash-sync.toml").write_text(
            f'[env.production]\nurl = "{server.url}"\nproject = "{project}"\npath = "backups/prod"\n'
            'token_env = "LIGHTDASH_API_KEY"\n'
        )
        assert "`lightdash-sync init` writes .gitattributes" in run("backup", env=env).err
        assert "line ends" not in run("backup", env=env).err
        Hands(folder).git("add", "-A")
        Hands(folder).git("commit", "-qm", "Set up")
        _clone(folder, tmp_path, monkeypatch)
        spoilt = run("verify", "backups/prod")
        assert spoilt.code == 10
        assert "is not as it was written" not in spoilt.out
        assert "in canonical form" not in spoilt.out
        assert "`lightdash-sync verify --fix-line-ends backups/prod`" in spoilt.out
        for command in (["backup"], ["diff", "backups/prod", "production"]):
            done = run(*command, env=env)
            assert done.code == 10, done.err
            assert "core.autocrlf" in done.err
            assert "verify --fix-line-ends backups/prod" in done.err.replace("\n", " ")
        assert run("init", "--ci", "none").code == 0
        assert run("verify", "--fix-line-ends", "backups/prod").code == 0
        assert "?? .gitattributes" in Hands(Path()).status()
        assert "backups" not in Hands(Path()).status()
        assert run("backup", env=env).code == 0


def test_an_option_for_settings_that_are_there_already_is_not_dropped_in_silence(folder: Path) -> None:
    """A second `init` keeps the file: what it was told beside is refused by name, and nothing is done."""
    assert run("init", "--url", "https://lightdash.example.com").code == 0
    before = (folder / "lightdash-sync.toml").read_text("utf-8")
    done = run("init", "--project", "Mine", "--concurrency", "3")
    fails(done, 2)
    assert "--project and --concurrency" in done.err
    assert (folder / "lightdash-sync.toml").read_text("utf-8") == before
    assert run("init").code == 0
