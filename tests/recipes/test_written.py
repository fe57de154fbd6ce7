"""The recipes say nothing that is not so: options exist, files fit together, nothing needs root."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lightdash_sync import __version__
from lightdash_sync.errors import ConfigError as WrongUsage
from lightdash_sync.errors import Incomplete, Locked, NotAuthorised, Refused, SnapshotError, SyncError
from lightdash_sync.settings import read_file, read_shard
from tests.recipes.reading import (
    CONFIG,
    FOLDER,
    PAGE,
    PROMOTIONS,
    ROOT,
    blocks,
    commands,
    cronjob,
    crontab,
    github_steps,
    gitlab_lines,
    instructions,
    job,
    parsed,
    pipeline_lines,
    pod,
    recipe,
    scripts,
    unit,
    workflow_lines,
)

UNITS = ["lightdash-sync.service", "lightdash-sync.timer", "lightdash-sync-failed.service"]


@pytest.mark.parametrize("where", scripts())
def test_every_command_line_is_one_that_the_tool_accepts(where: str) -> None:
    """Each `lightdash-sync …` of a recipe has a command, options and values that exist."""
    found = [words for line in scripts()[where] for words in commands(line)]
    assert found, where
    for words in found:
        parsed(words)
        if CONFIG in where:
            assert words[:3] == ["backup", "--config", CONFIG]


@pytest.mark.parametrize(
    "line", ["lightdash-sync backup --al", "cd x && lightdash-sync bakcup", "sh -c 'lightdash-sync verify'"]
)
def test_a_command_line_that_is_wrong_would_be_found(line: str) -> None:
    """The check above fails for an option, a command and an argument that are wrong."""
    (words,) = commands(line)
    with pytest.raises(click.UsageError):
        parsed(words)


def test_the_settings_of_the_page_are_valid(tmp_path: Path) -> None:
    """Each example of lightdash-sync.toml is one that the tool accepts."""
    path = tmp_path / "lightdash-sync.toml"
    for block in blocks("toml"):
        path.write_text(block)
        assert list(read_file(path).env) == ["production"]


def test_every_link_of_the_page_leads_somewhere() -> None:
    """Files are there, and so are headings."""
    for target in re.findall(r"\]\(([^)]+)\)", PAGE.read_text("utf-8")):
        path, _, heading = target.partition("#")
        file = (PAGE.parent / path).resolve() if path else PAGE
        assert file.is_file(), target
        titles = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
        assert not heading or heading in [title.lower().replace(" ", "-") for title in titles], target
    linked = {path.name for path in FOLDER.iterdir() if path.name in PAGE.read_text("utf-8")}
    assert linked == {path.name for path in FOLDER.iterdir()}


def test_exit_codes_to_try_again_are_told_from_those_that_need_a_person() -> None:
    """The page and the CronJobs name the codes of the errors that they speak of."""
    again = {error.exit_code for error in (SyncError, Incomplete, Locked)}
    person = {error.exit_code for error in (WrongUsage, Refused, SnapshotError, NotAuthorised)}
    (said,) = re.findall(r"run again after (.*?) need a person", PAGE.read_text("utf-8"), re.DOTALL)
    assert [{int(code) for code in re.findall(r"\d+", part)} for part in said.split(";")] == [again, person]
    for name, action in (("cronjob.yaml", "FailJob"), ("cronjob-sharded.yaml", "FailIndex")):
        rules = cronjob(name)["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
        (rule,) = [rule for rule in rules if "onExitCodes" in rule]
        assert (rule["action"], set(rule["onExitCodes"]["values"])) == (action, person)
        assert rule["onExitCodes"]["containerName"] == pod(name)[1]["name"]


def test_the_crontab_has_what_cron_does_not_know() -> None:
    """PATH is set, a mail goes to somebody, a good night sends none, and no `%` ends a command."""
    variables, jobs = crontab()
    assert {"PATH", "MAILTO"} <= set(variables)
    assert "$" not in "".join(variables.values())
    ((fields, command),) = jobs
    assert all(re.fullmatch(r"\*|[0-9]+", field) for field in fields)
    assert fields[2:] == ["*"] * 3
    assert not re.search(r"(?<!\\)%", command)
    assert [parsed(words)["quiet"] for words in commands(command)] == [True]


def test_the_service_may_write_the_backup_and_little_else() -> None:
    """It is somebody without rights, whose folder is the only one that can be written."""
    service = unit("lightdash-sync.service")["Service"]
    assert service["User"] not in ("", "root")
    assert service["WorkingDirectory"].startswith(service["ReadWritePaths"] + "/")
    assert (service["Type"], service["ProtectSystem"], service["NoNewPrivileges"]) == (
        "oneshot",
        "strict",
        "yes",
    )
    (name,) = re.findall(r"CREDENTIALS_DIRECTORY/([a-z-]+)", blocks("toml", "systemd")[0])
    assert service["LoadCredential"].split(":")[0] == name


def test_the_units_fit_together() -> None:
    """The timer starts the service, makes good a missed night, and a failure starts what tells it."""
    timer = unit("lightdash-sync.timer")
    assert (timer["Timer"]["Persistent"], timer["Install"]["WantedBy"]) == ("true", "timers.target")
    assert {"OnCalendar", "RandomizedDelaySec"} <= set(timer["Timer"])
    assert unit("lightdash-sync.service")["Unit"]["OnFailure"] in UNITS
    copied = [line for line in blocks("bash", "systemd")[0].splitlines() if " cp " in line]
    assert [Path(word).name for word in copied[0].split()[2:-1]] == UNITS


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say."""
    if (program := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not installed")
    for name in UNITS:
        text = (FOLDER / name).read_text("utf-8")
        assert name != UNITS[0] or "=/usr/local/bin/lightdash-sync " in text
        # It looks for the program, which is where these tests run from.
        (tmp_path / name).write_text(text.replace("/usr/local/bin/lightdash-sync", sys.executable))
    paths = [str(tmp_path / name) for name in UNITS]
    done = subprocess.run(
        [program, "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["cronjob.yaml", "cronjob-sharded.yaml"])
def test_pods_have_no_rights_and_never_overlap(name: str) -> None:
    """No root, no writable image, no account in the cluster; one night after the other, each with an end."""
    spec = cronjob(name)["spec"]
    assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] > 0
    shared, container = pod(name)
    assert shared["restartPolicy"] == "Never"
    assert shared["automountServiceAccountToken"] is False
    assert shared["securityContext"]["runAsNonRoot"] is True
    user = next(value for word, value in instructions() if word == "USER")
    assert f"{shared['securityContext']['runAsUser']}:{shared['securityContext']['runAsGroup']}" == user
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    (writable,) = [volume["name"] for volume in shared["volumes"] if "emptyDir" in volume]
    (place,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == writable]
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert container["workingDir"] == variables["TMPDIR"] == place
    assert "TOKEN" not in str(container["env"]).upper()
    assert "KEY" not in {one.upper() for one in variables}


def test_the_secrets_that_pods_want_are_those_that_the_page_makes() -> None:
    """Names of secrets, and of the files in them, are the same on the page and in the CronJobs."""
    lines = [line for line in blocks("bash", "Kubernetes")[0].splitlines() if "create secret" in line]
    made = {line.split()[4]: set(re.findall(r"--from-file=([\w-]+)", line)) for line in lines}
    for name in ("cronjob.yaml", "cronjob-sharded.yaml"):
        shared, container = pod(name)
        tokens = container["envFrom"][0]["secretRef"]["name"]
        (keys,) = [volume["secret"]["secretName"] for volume in shared["volumes"] if "secret" in volume]
        (place,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] != "backup"]
        ssh = next(one["value"] for one in container["env"] if one["name"] == "GIT_SSH_COMMAND")
        assert set(made) == {tokens, keys}
        assert set(re.findall(rf"{place}/(\w+)", ssh)) == made[keys]
        assert "StrictHostKeyChecking=yes" in ssh


def test_there_are_as_many_workers_as_shares() -> None:
    """Every environment is one worker's: the number is the same in all its places."""
    spec = cronjob("cronjob-sharded.yaml")["spec"]["jobTemplate"]["spec"]
    assert (spec["completionMode"], spec["completions"]) == ("Indexed", spec["parallelism"])
    (words,) = [words for line in scripts()["cronjob-sharded.yaml"] for words in commands(line)]
    for index in range(spec["completions"]):
        share = read_shard(parsed(words)["shard"], {"JOB_COMPLETION_INDEX": str(index)})
        assert share is not None
        assert (share.number, share.total) == (index + 1, spec["completions"])


def test_the_workflow_for_github_has_the_rights_it_needs_and_no_others() -> None:
    """It may write contents; the secret is seen by the backup alone; a run waits for the one before."""
    workflow = job("github-actions.yml")
    assert workflow["permissions"] == {"contents": "write"}
    assert workflow["concurrency"] == {"group": "lightdash-backup"}
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}  # YAML takes `on` for true
    assert workflow["jobs"]["backup"]["timeout-minutes"] == 120
    for step in github_steps():
        assert "${{" not in step.get("run", "")
        assert ("secrets." in str(step)) == ("lightdash-sync backup" in str(step))
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        assert "persist-credentials" not in step.get("with", {})


def test_the_job_for_gitlab_runs_on_schedule_one_at_a_time() -> None:
    """Pushes start no pipeline, two runs never overlap, and no token is part of a URL."""
    told = job("gitlab-ci.yml")["lightdash-backup"]
    assert told["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    assert told["resource_group"]
    assert not re.search(r"://[^/\s]*@", "\n".join(gitlab_lines()))


def test_ci_installs_the_version_that_wrote_the_job() -> None:
    """A job of CI has the version that was tried when it was made, not whatever is the newest."""
    lines = [step.get("run", "") for step in github_steps()]
    for script in (lines, gitlab_lines()):
        (install,) = [line for line in script if line.startswith("pip ")]
        assert install == f'pip install "lightdash-sync=={__version__}"'


def test_the_image_is_small_pinned_and_no_root() -> None:
    """A slim base with its version, git, ssh and certificates, a user by number, the tool as entry point."""
    found = instructions()
    bases = [value.split()[0] for word, value in found if word == "FROM"]
    assert all(re.fullmatch(r"python:3\.\d+-slim-[a-z]+", base) for base in bases)
    assert len({*bases}) == 1
    last = found[max(place for place, (word, _) in enumerate(found) if word == "FROM") :]
    told = dict(last)
    assert told["ENTRYPOINT"] == '["lightdash-sync"]'
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", told["USER"])
    assert last.index(("USER", told["USER"])) > max(
        place for place, (word, _) in enumerate(last) if word == "RUN"
    )
    installed = " ".join(value for word, value in last if word == "RUN")
    assert {"git", "ca-certificates", "openssh-client", "--no-install-recommends"} <= set(installed.split())
    assert not [
        value for _, value in found if re.search(r"TOKEN|API_KEY|SECRET|PASSWORD", value, re.IGNORECASE)
    ]
    assert {word for word, _ in found} <= {
        "FROM",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "WORKDIR",
        "ENTRYPOINT",
        "CMD",
    }


def test_the_image_is_built_from_what_is_in_the_checkout() -> None:
    """Everything that is copied is there, and `.dockerignore` lets it and nothing else through."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    copied = {
        source
        for word, value in instructions()
        if word == "COPY" and not value.startswith("--from")
        for source in value.split()[:-1]
    }
    assert copied == kept
    assert all((ROOT / source).exists() for source in copied)
    wanted = {"readme", "license-files", "build-backend"}
    assert wanted <= set(re.findall(r"^([a-z-]+) = ", (ROOT / "pyproject.toml").read_text("utf-8"), re.M))


def test_the_workflows_that_promote_have_the_rights_they_need_and_no_others() -> None:
    """The pull request may comment, the merge may push; forks are not run, and secrets are for steps."""
    told = recipe("promote-github.yml")
    review, promote = told["jobs"]["review"], told["jobs"]["promote"]
    assert told["permissions"] == {}
    assert review["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert promote["permissions"] == {"contents": "write"}
    assert "head.repo.full_name == github.repository" in review["if"]
    assert "github.ref == 'refs/heads/main'" in promote["if"]
    assert review["environment"] != promote["environment"]
    assert "pull_request_target" not in told[True]  # YAML takes `on` for true
    assert promote["concurrency"] == {"group": "lightdash-promotion"}  # what has begun is never cancelled
    for one in (review, promote, recipe("preview-github.yml")["jobs"]["preview"]):
        assert one["timeout-minutes"]
        for step in one["steps"]:
            assert "${{" not in step.get("run", "")  # a name of a branch, or of a file, is no program
            assert "secrets." not in str(step) or {"env", "run"} <= set(step)
            assert re.fullmatch(r"actions/[a-z/-]+@v\d+", step.get("uses", "actions/x@v1"))


def test_the_pull_request_gives_data_and_its_target_the_settings() -> None:
    """Settings name the servers that tokens go to, and programs: those of a pull request are never read."""
    first, second = recipe("promote-github.yml")["jobs"]["review"]["steps"][:2]
    assert first["with"] == {"ref": "${{ github.event.pull_request.base.ref }}", "persist-credentials": False}
    assert second["with"] == {"path": "proposed", "persist-credentials": False}
    lines = pipeline_lines("lightdash-review")
    assert lines.index('cd "$base"') < next(
        n for n, line in enumerate(lines) if "lightdash-sync promote" in line
    )


def test_promotions_run_one_after_another_everywhere() -> None:
    """Both forges have a lock for it, and every job that promotes on GitHub has the same."""
    groups = {
        recipe(name)["jobs"][job]["concurrency"]["group"]
        for name, job in (("promote-github.yml", "promote"), ("preview-github.yml", "preview"))
    }
    assert groups == {"lightdash-promotion"}
    assert recipe("promote-gitlab.yml")["lightdash-promotion"]["resource_group"]


def test_the_jobs_that_promote_install_this_version() -> None:
    """As it was tried."""
    scripts = [workflow_lines(*job) for job in (*PROMOTIONS, ("preview-github.yml", "preview"))]
    scripts += [pipeline_lines(job) for job in ("lightdash-review", "lightdash-promotion")]
    for script in scripts:
        (install,) = [line for line in script if line.startswith("pip ")]
        assert install == f'pip install "lightdash-sync=={__version__}"'
