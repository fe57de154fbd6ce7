"""What the recipes say: their command lines, units and jobs, as those who run them would read them."""

from __future__ import annotations

import configparser
import itertools
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

import lightdash_sync.cli  # adds all commands
from lightdash_sync.cli.commands import cli
from lightdash_sync.scaffold import job_text

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(lightdash_sync.__file__).resolve().parents[1]
PAGE = ROOT / "docs/recipes.md"
FOLDER = ROOT / "docs/recipes"
CONFIG = "bi: all/it's #1/lightdash-sync.toml"
"""A place for the settings that has to be quoted, for YAML and for a shell."""

PROMOTIONS = (("promote-github.yml", "review"), ("promote-github.yml", "promote"))


def blocks(language: str, section: str = "") -> list[str]:
    """Return the code of a language on the page, or below one of its headings."""
    text = PAGE.read_text("utf-8")
    if section:
        text = text.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def unit(name: str) -> configparser.ConfigParser:
    """Return a unit of systemd."""
    found = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    found.optionxform = str  # type: ignore[assignment,method-assign] # names are written as they are
    found.read_string((FOLDER / name).read_text("utf-8"))
    return found


def crontab() -> tuple[dict[str, str], list[tuple[list[str], str]]]:
    """Return the variables of the crontab, and its jobs: five fields and a command."""
    variables, jobs = {}, []
    for line in (FOLDER / "lightdash-sync.cron").read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if found := re.fullmatch(r"([A-Z_]+)=(.*)", line):
            variables[found[1]] = found[2]
        else:
            *fields, command = line.split(None, 5)
            jobs.append((fields, command))
    return variables, jobs


def cronjob(name: str) -> dict[str, Any]:
    """Return a CronJob of Kubernetes."""
    found = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def pod(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a CronJob says of its pods, and of their only container."""
    spec: dict[str, Any] = cronjob(name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    return spec, container


def job(template: str, config: str = "") -> dict[Any, Any]:
    """Return the job that `init` writes for CI."""
    text = job_text(template, config)
    assert "@" not in re.sub(r"uses: \S+", "", text)
    found = yaml.safe_load(text)
    assert isinstance(found, dict)
    return found


def github_steps(config: str = "") -> list[dict[str, Any]]:
    """Return the steps of the workflow for GitHub."""
    steps = job("github-actions.yml", config)["jobs"]["backup"]["steps"]
    assert isinstance(steps, list)
    return steps


def gitlab_lines(config: str = "") -> list[str]:
    """Return the script of the job for GitLab."""
    lines = job("gitlab-ci.yml", config)["lightdash-backup"]["script"]
    assert all(isinstance(line, str) for line in lines)
    return list(lines)


def recipe(name: str) -> dict[Any, Any]:
    """Return a recipe in YAML, as it stands."""
    found = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def workflow_lines(name: str, job: str) -> list[str]:
    """Return every shell line of a job of one of the workflows for GitHub."""
    steps = recipe(name)["jobs"][job]["steps"]
    return [line for step in steps for line in step.get("run", "").splitlines()]


def pipeline_lines(job: str) -> list[str]:
    """Return the script of a job of the pipeline for GitLab that promotes."""
    lines = recipe("promote-gitlab.yml")[job]["script"]
    assert all(isinstance(line, str) for line in lines)
    return list(lines)


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split(None, 1)[0], " ".join(line.split()[1:])) for line in lines]


def scripts() -> dict[str, list[str]]:
    """Return every shell line of the recipes, by where it stands."""
    page = PAGE.read_text("utf-8")
    spans = re.findall(r"`(lightdash-sync [^`]+)`", re.sub(r"^```.*?^```", "", page, flags=re.M | re.S))
    found = {"docs/recipes.md": [line for block in blocks("bash") for line in block.splitlines()] + spans}
    found["lightdash-sync.cron"] = [command for _, command in crontab()[1]]
    found["lightdash-sync.service"] = [unit("lightdash-sync.service")["Service"]["ExecStart"]]
    for name in ("cronjob.yaml", "cronjob-sharded.yaml"):
        found[name] = pod(name)[1]["args"][0].splitlines()
    for name, job in (*PROMOTIONS, ("preview-github.yml", "preview")):
        found[f"{name} {job}"] = workflow_lines(name, job)
    for job in ("lightdash-review", "lightdash-promotion"):
        found[f"promote-gitlab.yml {job}"] = [
            line for script in pipeline_lines(job) for line in script.splitlines()
        ]
    for config in ("", CONFIG):
        found[f"github-actions.yml {config}"] = [
            line for step in github_steps(config) for line in step.get("run", "").splitlines()
        ]
        found[f"gitlab-ci.yml {config}"] = [
            line for script in gitlab_lines(config) for line in script.splitlines()
        ]
    return found


def commands(line: str) -> Iterator[list[str]]:
    """Yield the arguments of each `lightdash-sync` in a shell line, also inside of `sh -c`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    for place, word in enumerate(words):
        rest = words[place + 1 :]
        if word.rpartition("/")[2] == "lightdash-sync" and rest and re.match(r"[a-z]|--", rest[0]):
            yield list(itertools.takewhile(lambda one: not re.fullmatch(r"[();<>|&]+", one), rest))
        elif re.search(r"lightdash-sync [a-z-]", word):
            yield from commands(word)


def parsed(words: list[str]) -> dict[str, Any]:
    """Parse arguments as the command line does, run nothing, and return what it understood.

    Raises:
        click.UsageError: it would not accept them.
    """
    command = cli.get_command(click.Context(cli), words[0])
    while isinstance(command, click.Group):
        words = words[1:]
        command = command.get_command(click.Context(command), words[0]) if words else None
    if command is None:
        raise click.UsageError(f"there is no command {words[:1]}")
    pairs = zip(["", *words], words, strict=False)
    words = [str(PAGE) if before == "--approved" else word for before, word in pairs]  # is there, at least
    # A command keeps the help option that it is first asked for.
    return command.make_context(words[0], words[1:], **cli.context_settings).params
