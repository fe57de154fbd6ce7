"""The recipes do their work: what they say is run as cron, CI systems and pods run it.

On machines that know nothing: no git identity, an empty home, no variables but those of the system that
runs the job. Installing the tool is left out, and engines (Docker, Kubernetes, systemd) are not there.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.disk import Disk
from lightdash_sync.snapshot.write import locked
from tests.cli.nights import TOKEN, settings
from tests.cli.running import run
from tests.git.hands import Hands
from tests.recipes import reading
from tests.recipes.forge import basic, github_checkout, gitlab_checkout, serving
from tests.recipes.site import PATH, SECONDS, Site

if TYPE_CHECKING:
    from collections.abc import Iterator


def _set_up(site: Site, monkeypatch: pytest.MonkeyPatch, ci: str, folder: str) -> None:
    """Do what the page says comes first: `init`, and a push of what it wrote."""
    (site.folder / "made").mkdir()
    monkeypatch.chdir(site.folder / "made")
    Hands(Path()).git("init", "-q")
    project = site.server.world.projects["production"]
    done = run("init", folder, "--url", site.server.url, "--project", project, "--ci", ci)
    assert done.code == 0, done.err
    site.begin(**{
        str(path.relative_to(site.folder / "made")): path.read_text()
        for path in (site.folder / "made").rglob("*")
        if path.is_file() and ".git" not in path.parts
    })  # fmt: skip


def _config(folder: str) -> str:
    return "" if folder == "." else f"{folder}/lightdash-sync.toml"


def _two_nights(site: Site) -> Iterator[Path]:
    """Give a fresh place for each of two nights; a chart is renamed between them."""
    yield site.folder / "night 1"
    assert len(site.commits()) == 1
    assert site.commits()[0].startswith("production: first backup of ")
    site.rename_a_chart("production", "Another name")
    yield site.folder / "night 2"
    (again,) = site.commits()[1:]
    assert again.startswith("production: chart Another name renamed")
    site.remote.sound()


@pytest.mark.parametrize(
    "folder", [pytest.param(".", marks=pytest.mark.slow), str(Path(reading.CONFIG).parent)]
)
def test_the_workflow_for_github_backs_up(site: Site, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """Each night a fresh checkout of one commit; what changed is pushed with the checkout's own token."""
    _set_up(site, monkeypatch, "github", folder)
    robot = basic("x-access-token", "ghs_1")
    with serving(site.folder / "forge", [], [robot]) as forge:
        for place in _two_nights(site):
            github_checkout(place, forge, PATH, robot)
            for step in reading.github_steps(_config(folder)):
                if step.get("name") == "Install" or "run" not in step:
                    continue
                assert set(step["env"]) == {"LIGHTDASH_API_KEY"}
                variables = {"CI": "true", "GITHUB_ACTIONS": "true", "LIGHTDASH_API_KEY": site.token}
                code, said = site.run(["sh", "-e", "-c", step["run"]], place, variables)
                assert code == 0, said
                assert site.token not in said
        assert forge.pushes == [robot] * 2


@pytest.mark.parametrize("own", [{}, {"LIGHTDASH_PUSH_TOKEN": "glpat-2"}])
def test_the_job_for_gitlab_backs_up(
    site: Site, monkeypatch: pytest.MonkeyPatch, own: dict[str, str]
) -> None:
    """From a detached HEAD to a pushed branch, with the job's token or the project's; no file has them."""
    _set_up(site, monkeypatch, "gitlab", ".")
    job = basic("gitlab-ci-token", "glcbt-1")
    writer = basic("gitlab-ci-token", own.get("LIGHTDASH_PUSH_TOKEN", "glcbt-1"))
    script = [line for line in reading.gitlab_lines() if not line.startswith("pip ")]
    with serving(site.folder / "forge", [job], [writer]) as forge:
        variables = {
            "CI": "true", "GITLAB_CI": "true", "CI_NODE_TOTAL": "1", "CI_JOB_TOKEN": "glcbt-1",
            "CI_COMMIT_BRANCH": "main", "CI_PROJECT_URL": f"{forge.url}/{PATH.removesuffix('.git')}",
            "LIGHTDASH_API_KEY": site.token, **own,
        }  # fmt: skip
        for place in _two_nights(site):
            gitlab_checkout(place, forge, PATH, "glcbt-1")
            code, said = site.run(["sh", "-e", "-c", "\n".join(script)], place, variables)
            assert code == 0, said
            assert not [token for token in (site.token, "glcbt-1", "glpat-2") if token in said]
            assert not re.search("glcbt-1|glpat-2", (place / ".git/config").read_text())
        assert forge.pushes == [writer] * 2


def _pod(site: Site, name: str, number: int, **more: str) -> subprocess.Popen[str]:
    """Start the command of a pod, in an empty volume."""
    _, container = reading.pod(name)
    volume = site.folder / f"volume {number}"
    volume.mkdir()
    variables = {one["name"]: one["value"].replace("/backup", str(volume)) for one in container["env"]}
    variables |= {"REPOSITORY": site.remote.root.as_uri(), TOKEN: site.token, **more}
    return site.start([*container["command"], *container["args"]], volume, variables)


def _succeed(*pods: subprocess.Popen[str]) -> None:
    said = [pod.communicate(timeout=SECONDS)[0] for pod in pods]
    assert [pod.returncode for pod in pods] == [0] * len(pods), said


def test_the_pod_backs_up(site: Site) -> None:
    """A fresh clone of one commit each night; everything that is kept is on the remote."""
    site.begin(**{"lightdash-sync.toml": settings(site.server).split("[env.staging]")[0]})
    for number, _ in enumerate(_two_nights(site)):
        _succeed(_pod(site, "cronjob.yaml", number))


def test_workers_share_out_the_environments(site: Site) -> None:
    """Both workers push to one branch, at the same time or one after the other, and nothing is lost."""
    site.begin(**{"lightdash-sync.toml": settings(site.server)})
    pods = [_pod(site, "cronjob-sharded.yaml", n, JOB_COMPLETION_INDEX=str(n)) for n in range(2)]
    _succeed(*pods)
    assert sorted(line.split(" of ")[0] for line in site.commits()) == [
        "production: first backup",
        "staging: first backup",
    ]
    for number, project in enumerate(("production", "staging")):
        site.rename_a_chart(project, f"New in {project}")
        _succeed(_pod(site, "cronjob-sharded.yaml", 2 + number, JOB_COMPLETION_INDEX=str(number)))
    assert [line.split(" renamed")[0] for line in site.commits()[2:]] == [
        "production: chart New in production",
        "staging: chart New in staging",
    ]
    site.remote.sound()


def _own_machine(site: Site, section: str) -> Path:
    """Clone the repository into a user's home, with the settings of a section of the page."""
    (text,) = reading.blocks("toml", section)
    text = text.replace("https://lightdash.example.com", site.server.url)
    text = text.replace('"Production"', f'"{site.server.world.projects["production"]}"')
    site.begin(**{"lightdash-sync.toml": text, ".gitignore": "/snapshots/.*\n"})
    clone = site.folder / "home/backup"
    Hands(site.folder).git("clone", "-q", str(site.remote.root), str(clone))
    return clone


def test_cron_backs_up_and_mails_only_what_went_wrong(site: Site) -> None:
    """With cron's few variables: a good night says nothing, a locked or failed one does."""
    clone = _own_machine(site, "cron")
    variables, ((_, command),) = reading.crontab()
    bare = {"PATH": variables["PATH"], "SHELL": variables["SHELL"], "LOGNAME": "lightdash"}
    words = [variables["SHELL"], "-c", command]
    code, said = site.run(words, site.folder / "home", bare)
    assert code == 2
    assert said.startswith("Error: production: the token file ~/token cannot be read")
    token = site.folder / "home/token"
    token.write_text(f"{site.token}\n")
    token.chmod(0o600)
    assert site.run(words, site.folder / "home", bare) == (0, "")
    with locked(clone / "snapshots/production", Disk()):
        code, said = site.run(words, site.folder / "home", bare)
    assert (code, "is in use by another run" in said) == (11, True)
    assert len(site.commits()) == 1
    monitor = reading.blocks("bash", "Who notices")[0]
    assert site.run(shlex.split(monitor), clone, bare)[0] == 0
    assert site.run(shlex.split(monitor.replace("26h", "0m")), clone, bare)[0] == 1


def test_the_service_backs_up(site: Site) -> None:
    """The command of the unit, with the token that systemd hands to this run alone."""
    clone = _own_machine(site, "systemd")
    service = reading.unit("lightdash-sync.service")["Service"]
    given = site.folder / "credentials"
    given.mkdir()
    (given / service["LoadCredential"].split(":")[0]).write_text(site.token)
    words = shlex.split(service["ExecStart"].replace("/usr/local/bin/", ""))
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin", "CREDENTIALS_DIRECTORY": str(given)}
    code, said = site.run(words, clone, bare)
    assert (code, "Pushed main to origin" in said) == (0, True), said
    assert len(site.commits()) == 1


def test_a_ping_is_sent_after_a_good_backup_only(site: Site) -> None:
    """The dead man's switch hears of a good night, and nothing of a bad one."""
    clone = _own_machine(site, "cron")
    (line,) = reading.blocks("bash", "Who notices")[1].splitlines()
    curl = site.folder / "bin/curl"
    curl.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(site.folder))}/pings\n')
    curl.chmod(0o755)
    assert site.run(["sh", "-c", line], clone, {})[0] == 2
    assert not (site.folder / "pings").exists()
    (site.folder / "home/token").write_text(site.token)
    assert site.run(["sh", "-c", line], clone, {})[0] == 0
    assert "https://ping.example.com/" in (site.folder / "pings").read_text()
