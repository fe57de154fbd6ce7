"""The command as such: help, exit codes, one JSON object, and no traceback for anybody's mistake."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.cli import cli
from lightdash_sync.disk import Disk
from lightdash_sync.snapshot.write import locked
from tests.cli.running import environment, fails, reach, run, run_process
from tests.worlds import demo_world, generated_world

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = ["export", "verify", "backup", "diff", "init", "projects", "doctor", "demo"]


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in an empty directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """A small project."""
    world = generated_world(
        charts=3, versions=1, dashboards=1, tiles=1, spaces=1, schedulers=1, sql_charts=1, tags=1
    )
    with Server(world) as server:
        yield server


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    """`--help` is quick because it loads no HTTP, models or tables; how quick is for the benchmarks."""
    program = """if True:
        import sys
        sys.argv[1:] = ["--help"]
        from lightdash_sync.cli import main
        try:
            main()
        except SystemExit:
            heavy = {"httpx", "pydantic", "rich", "orjson", "starlette"} & set(sys.modules)
            print(sorted(heavy), file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), check=True, capture_output=True, text=True
    )
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help(command: str) -> None:
    """`--help` and `-h` print what there is, and exit with 0."""
    long, short = (run(*filter(None, [command, flag])) for flag in ("--help", "-h"))
    assert long == short
    assert (long.code, long.err) == (0, "")
    assert long.out.startswith(f"Usage: lightdash-sync {command}".rstrip())


def test_every_option_is_explained() -> None:
    """No option is without help, except the ones whose default says it."""
    for command in cli.commands.values():
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help or option.show_default, f"{command.name} {option.name}"


def test_no_option_takes_a_secret() -> None:
    """The command line, which every process of the machine can read, never holds a token."""
    names = {name for command in cli.commands.values() for option in command.params for name in option.opts}
    assert len(names) > 15
    assert not [name for name in names if re.search("token|key|password|secret|auth", name)]


def test_the_version_is_told() -> None:
    """`--version` names the program and its version."""
    done = run("--version")
    assert done.code == 0
    assert re.fullmatch(r"lightdash-sync, version \d+\.\d+\S*\n", done.out)


def test_without_a_command_there_is_help() -> None:
    """Nothing asked for: the help, on stderr, and wrong usage."""
    done = run()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: lightdash-sync")
    assert "\n  export " in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["--no-such-option"],
        ["export", "--no-such-option"],
        ["export", "surplus"],
        ["export", "--only", "everything"],
        ["export", "--concurrency", "0"],
        ["export", "--concurrency", "many"],
        ["export", "--url"],
        ["verify"],
        ["demo", "--port", "65536"],
        ["projects"],
        ["projects", "--env", "nowhere"],
        ["projects", "--config", "missing.toml"],
        ["projects", "--config", "."],
        ["projects", "--ca-bundle", "."],
        ["demo", "--path", "file"],
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_wrong_usage_is_2(arguments: list[str], as_json: bool) -> None:
    """A command line that makes no sense is told in words, and to machines as one object."""
    Path("file").touch()
    done = run(*arguments, *(["--json"] if as_json and arguments[-1] != "--url" else []))
    fails(done, 2)
    if as_json and arguments[-1] != "--url":
        assert done.json["error"]["exit_code"] == 2
        assert done.json["error"]["message"] in done.err
    else:
        assert done.out == ""


@pytest.mark.parametrize(
    "url",
    [
        "lightdash.example.com", "ftp://a", "http://a.example.com", "https://", "https://u:secret-word@a",
        "http://[::1",        "https://a:99999", "https://a/?q", "https://a b", "http://127.0.0.1:1/\x1b[31m",
        "https://" + "a" * 300, "http://..",
    ],
)  # fmt: skip
def test_a_bad_url_is_wrong_usage(url: str) -> None:
    """A URL that no token may be sent to ends before a request, and a password in it is not repeated."""
    done = run("projects", "--url", url, env={"LIGHTDASH_API_KEY": "t"})
    fails(done, 2)
    assert "secret-word" not in done.err
    assert "\x1b" not in done.err


def test_bad_ca_bundles_are_wrong_usage(small: Server) -> None:
    """A CA bundle that is missing or holds no certificate is named."""
    Path("empty.pem").touch()
    for name in ("missing.pem", "empty.pem"):
        done = run("projects", "--ca-bundle", name, env=reach(small))
        fails(done, 2)
        assert name in done.err


@pytest.mark.parametrize("command", ["export", "projects", "doctor"])
def test_0_and_one_object(small: Server, command: str) -> None:
    """Done: exit code 0, and `--json` puts one object on stdout and nothing else."""
    done = run(command, "--json", env=reach(small))
    assert done.code == 0, done.err
    assert done.json["requests"] > 0
    assert done.json["duration_s"] > 0
    plain = run(command, env=reach(small))
    assert plain.code == 0
    assert plain.out
    assert "\x1b" not in plain.out + plain.err


def test_progress_is_on_stderr_only(small: Server) -> None:
    """The result is on stdout; what is being read is told on stderr."""
    done = run("export", env=reach(small))
    assert "Reading 4 charts" in done.err
    assert "Reading" not in done.out


def test_an_export_goes_where_it_is_told(small: Server) -> None:
    """`--path` wins over the settings' path, then comes the environment's name, then the project's."""
    variables = reach(small)
    Path("lightdash-sync.toml").write_text(
        f'[env.with-path]\nurl = "{small.url}"\npath = "of/file"\n[env.bare]\nurl = "{small.url}"\n'
    )
    paths = {
        "of/option": ["--env", "with-path", "--path", "of/option"],
        "of/file": ["--env", "with-path"],
        "snapshots/bare": ["--env", "bare"],
        "snapshots/kettle-production": [],
    }
    for path, options in paths.items():
        assert run("export", "--no-history", *options, env=variables).code == 0
        assert Path(path, "snapshot.json").is_file(), path


def test_a_part_of_a_project(small: Server) -> None:
    """`--only` and `--space` choose what is exported; a space that is not there is wrong usage."""
    done = run("export", "--json", "--path", "tags", "--only", "tag", env=reach(small))
    assert set(done.json["counts"]) - {"tag"} <= {
        name for name, count in done.json["counts"].items() if not count
    }
    fails(run("export", "--path", "s", "--space", "no-such-space", env=reach(small)), 2)


def test_1_the_serverfails(small: Server) -> None:
    """Failed: a server that answers with nonsense."""
    small.app.faults = Faults(rule=lambda *_: Fault.login_page())
    try:
        for command in ("export", "projects", "doctor"):
            done = run(command, "--json", env=reach(small))
            assert done.code == 1
            assert "Traceback" not in done.err
            assert isinstance(done.json, dict)
    finally:
        small.app.faults = Faults()


def test_3_something_could_not_be_read(small: Server) -> None:
    """Partly done: one item cannot be read; it is named, and nothing is written."""
    small.app.faults = Faults(
        rule=lambda _n, _m, path: Fault.status(404) if "/saved/" in path and "/version/" in path else None
    )
    try:
        done = run("export", "--json", env=reach(small))
    finally:
        small.app.faults = Faults()
    fails(done, 3)
    assert "chart:" in done.json["error"]["message"]
    assert not Path("snapshots/kettle-production").exists()


def test_4_a_part_does_not_replace_a_whole(small: Server) -> None:
    """Refused: a partial export over a full snapshot."""
    assert run("export", "--path", "p", env=reach(small)).code == 0
    done = run("export", "--path", "p", "--only", "tag", "--json", env=reach(small))
    fails(done, 4)
    assert done.json["error"]["exit_code"] == 4


def test_10_no_snapshot_is_there() -> None:
    """Damaged: nothing there, a file, a directory of something else."""
    Path("file").touch()
    for name in ("missing", "file", "file/below", "."):
        done = run("verify", name, "--json")
        fails(done, 10)
        assert done.json["error"]["exit_code"] == 10


def test_11_another_run_holds_it(small: Server) -> None:
    """Locked: the run that holds the snapshot is named."""
    with locked(Path("p"), Disk()):
        done = run("export", "--path", "p", "--json", env=reach(small))
    fails(done, 11)
    assert str(os.getpid()) in done.json["error"]["message"]


@pytest.mark.parametrize("command", ["export", "projects", "doctor"])
def test_12_the_token_is_not_accepted(small: Server, command: str) -> None:
    """Not authorised: a token that the server does not know."""
    done = run(command, "--json", env={**reach(small), "LIGHTDASH_API_KEY": "unknown"})
    assert done.code == 12
    assert isinstance(done.json, dict)


def test_requests_are_logged_when_asked(small: Server) -> None:
    """`-v` puts a line for each request on stderr, and the log of the HTTP library stays quiet."""
    done = run("projects", "-v", "--json", env=reach(small))
    assert re.search(r"GET /api/v1/org/projects: 200 in \d+ ms", done.err)
    assert "HTTP/1.1" not in done.err
    assert len(done.json["projects"]) == 2
    assert run("projects", env=reach(small)).err == ""


def test_the_file_of_the_working_directory_is_used() -> None:
    """`lightdash-sync.toml` is found in the directory where the command runs."""
    with Server(demo_world()) as server:
        Path("lightdash-sync.toml").write_text(f'[env.a]\nurl = "{server.url}"\ntoken_file = "token"\n')
        Path("token").write_text(server.world.tokens["admin"] + "\n")
        assert len(run("projects", "--json").json["projects"]) == 2


def test_kinds_and_spaces_may_be_divided_by_commas(small: Server) -> None:
    """`--only a,b` is `--only a --only b`, and a kind that does not exist is told with those that do."""
    run("export", "--path", "a", "--only", "chart,space", "--only", "tag", env=reach(small))
    assert {path.name for path in Path("a").iterdir() if path.is_dir()} == {"charts", "spaces", "tags"}
    wrong = run("export", "--path", "b", "--only", "chart,spade", env=reach(small))
    fails(wrong, 2)
    assert "'spade' is no kind" in wrong.err


def test_help_has_no_cut_sentence() -> None:
    """The list of commands fits a terminal of 80 columns."""
    for words in ([], ["promote"], ["link"]):
        done = run(*words, "--help")
        commands = done.out.partition("Commands:\n")[2].splitlines()
        assert commands
        assert not [line for line in commands if line.endswith("...") or len(line) > 80]


def test_help_is_there_where_python_drops_docstrings(tmp_path: Path) -> None:
    """`PYTHONOPTIMIZE=2` takes docstrings away, from which help is made."""
    for words in (["--help"], ["backup", "--help"], ["promote", "review", "--help"]):
        plain, optimised = (
            run_process(*words, home=tmp_path, env=env) for env in ({}, {"PYTHONOPTIMIZE": "2"})
        )
        assert optimised.out == plain.out


def test_a_key_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Python opens the file of SSLKEYLOGFILE as soon as TLS is set up."""
    env = {
        "LIGHTDASH_URL": "https://127.0.0.1:1",
        "LIGHTDASH_API_KEY": "t",
        "SSLKEYLOGFILE": str(tmp_path / "missing" / "keys"),
    }
    done = run("projects", env=env)
    fails(done, 2)
    assert "SSLKEYLOGFILE" in done.err


@pytest.mark.parametrize("name", ["GLOB", "NOGLOB", "ICASE", "LITERAL"])
def test_a_first_backup_needs_no_settings_file_and_no_clean_environment(
    small: Server, tmp_path: Path, name: str
) -> None:
    """Variables name server and project; what git's variables say of paths in general is no matter here."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    env = reach(small) | {f"GIT_{name}_PATHSPECS": "1"}
    env["LIGHTDASH_PROJECT"] = f"{small.url}/projects/{env['LIGHTDASH_PROJECT']}/home"
    done = run_process("backup", "--json", home=tmp_path, env=env)
    assert done.code == 0, done.err
    assert (tmp_path / "snapshots" / "production" / "snapshot.json").is_file()
    below = tmp_path / "below"
    below.mkdir()
    settings = f'[env.production]\nurl = "{small.url}"\nproject = "{reach(small)["LIGHTDASH_PROJECT"]}"\n'
    (tmp_path / "lightdash-sync.toml").write_text(settings, "utf-8")
    again = run_process("backup", "--json", home=below, env=env | {"LIGHTDASH_PROJECT": ""})
    assert again.code == 0, again.err
    assert not list(below.iterdir())
