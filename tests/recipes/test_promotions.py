"""The recipes for promotions do their work: what the jobs run is run, on fresh checkouts, beside a forge."""

from __future__ import annotations

import http.server
import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.cli.nights import TOKEN, settings
from tests.git.hands import Hands
from tests.recipes import reading
from tests.recipes.site import Site

MARK = "<!-- lightdash promotion -->"
GH = '''#!{python}
"""The parts of GitHub's command line that the recipe uses: comments of a pull request, kept in a file."""
import json, pathlib, subprocess, sys
store = pathlib.Path({store!r})
there = json.loads(store.read_text()) if store.exists() else []
words = sys.argv[1:]
assert words.pop(0) == "api", words
options = {{"--method": "GET", "--jq": "", "--field": ""}}
(path,) = [word for word in words if word.startswith("repos/")]
for name, value in zip(words, words[1:]):
    if name in options:
        options[name] = value
if options["--method"] == "GET":
    assert path == "repos/data/backup/issues/7/comments", path
    words = ["jq", "-r", options["--jq"]]
    done = subprocess.run(words, input=json.dumps(there), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    print(done.stdout, end="")
else:
    field, _, file = options["--field"].partition("=@")
    body = pathlib.Path(file).read_text()
    assert field == "body"
    if options["--method"] == "POST":
        assert path == "repos/data/backup/issues/7/comments", path
        there.append({{"id": len(there) + 1, "user": {{"login": "github-actions[bot]"}}, "body": body}})
    else:
        (comment,) = [one for one in there if path == f"repos/data/backup/issues/comments/{{one['id']}}"]
        comment["body"] = body
    store.write_text(json.dumps(there))
'''


@dataclass
class Notes:
    """The notes of a merge request, as GitLab serves them.

    Attributes:
        url: of the API.
        notes: those that there are.
    """

    url: str = ""
    notes: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def gitlab(token: str) -> Iterator[Notes]:
    """Serve the notes of one merge request to whoever has the token."""
    found = Notes()
    place = "/api/v4/projects/5/merge_requests/7/notes"

    class Handler(http.server.BaseHTTPRequestHandler):
        """The API of GitLab, as far as the recipe uses it."""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            assert path in (place, "/api/v4/user"), path
            self._answer({"id": 3} if path.endswith("/user") else found.notes)

        def do_POST(self) -> None:
            assert self.path == place
            note = {"id": len(found.notes) + 1, "author": {"id": 3}, "body": self._body()}
            found.notes.append(note)
            self._answer(note)

        def do_PUT(self) -> None:
            (note,) = [one for one in found.notes if self.path == f"{place}/{one['id']}"]
            note["body"] = self._body()
            self._answer(note)

        def _body(self) -> str:
            data = self.rfile.read(int(self.headers["Content-Length"])).decode()
            return parse_qs(data, keep_blank_values=True)["body"][0]

        def _answer(self, answer: object) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200 if self.headers["PRIVATE-TOKEN"] == token else 401)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/api/v4"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Story:
    """Somebody promotes by pull request.

    Attributes:
        site: where.
        number: of the checkouts so far.
    """

    site: Site
    number: int = 0

    @property
    def secrets(self) -> dict[str, str]:
        """What the jobs are told in secret."""
        return {TOKEN: self.site.token}

    def checkout(self, branch: str, folder: str = "") -> Path:
        """Check out a branch afresh."""
        self.number += 1
        place = self.site.folder / (folder or f"checkout {self.number}")
        Hands(self.site.folder).git("clone", "-q", "--branch", branch, str(self.site.remote.root), str(place))
        return place

    def propose(self, chart: str, **more: str) -> None:
        """Make a review of a chart of staging, and push it as the branch `proposed`."""
        place = self.checkout("main")
        words = ["promote", "review", "--env", "staging", "--to", "production", "--via", "replay"]
        words += ["--chart", chart, "--allow-twins", "all", "--format", "json", "-o", "promotions/one.json"]
        code, said = self.site.run(["lightdash-sync", *words], place, self.secrets)
        assert code == 0, said
        hands = Hands(place)
        for path, text in more.items():
            hands.write(path, text)
        hands.git("add", "promotions", *more)
        hands.git("commit", "-qm", "Promote a chart")
        hands.git("push", "-q", "--force", "origin", "HEAD:proposed")

    def merge(self) -> None:
        """Merge the review, and nothing else of the branch."""
        place = self.checkout("main")
        hands = Hands(place)
        hands.git("fetch", "-q", "origin", "proposed")
        hands.git("checkout", "-q", "FETCH_HEAD", "--", "promotions")
        hands.git("commit", "-qm", "Merge the promotion")
        hands.git("push", "-q", "origin", "HEAD:main")

    def names(self, project: str) -> list[str]:
        """Return the names of the charts in the spaces of a project."""
        world = self.site.server.world
        uuid = world.projects[project]
        return [
            chart.name for chart in world.charts.values()
            if chart.space_uuid and world.spaces[chart.space_uuid].project_uuid == uuid
        ]  # fmt: skip

    def new_chart(self) -> str:
        """Return the key of a chart that only staging has, after giving it a name of its own."""
        world = self.site.server.world
        of = {
            nickname: [
                chart for _, chart in sorted(world.charts.items())
                if chart.space_uuid and world.spaces[chart.space_uuid].project_uuid == uuid
            ]
            for nickname, uuid in world.projects.items()
        }  # fmt: skip
        known = {chart.slug for chart in of["production"]}  # newer servers let projects have the same slug
        chart = next(chart for chart in of["staging"] if chart.slug not in known)
        chart.name = "Only in staging"
        return chart.slug

    def change(self) -> None:
        """Let somebody save the chart again."""
        (chart,) = [one for one in self.site.server.world.charts.values() if one.name == "Only in staging"]
        chart.description = "Another thing altogether"

    def on_main(self) -> list[str]:
        """Return the files of main."""
        return self.site.remote.git("ls-tree", "-r", "--name-only", "main").splitlines()


@pytest.fixture
def story(site: Site) -> Story:
    """A repository with settings and nothing else."""
    site.begin(**{"lightdash-sync.toml": settings(site.server), ".gitignore": "/snapshots/.*\n"})
    return Story(site)


def _workflow(story: Story, job: str, name: str = "promote-github.yml") -> tuple[int, str]:
    """Run a job of a workflow as GitHub does; return the exit code of the first step that failed."""
    steps = reading.recipe(name)["jobs"][job]["steps"]
    place, failed, heard = story.checkout("main"), 0, ""
    known = {"github.token": "ghs_1", "github.event.pull_request.number": "7"}
    for step in steps:
        if "proposed" in str(step.get("with", {}).get("path")):
            story.checkout("proposed", f"{place.name}/proposed")
        if step.get("name") == "Install" or "run" not in step or (failed and step.get("if") != "always()"):
            continue
        env = {"CI": "true", "GITHUB_REPOSITORY": "data/backup"}
        for variable, value in step.get("env", {}).items():
            said = re.fullmatch(r"\$\{\{ (\S+) \}\}", value)
            assert said, value
            secret = said[1].startswith("secrets.")
            env[variable] = story.site.token if secret else known[said[1]]
        if "secrets." in str(step):
            env[TOKEN] = story.site.token
        code, out = story.site.run(["bash", "-e", "-c", step["run"]], place, env)
        assert story.site.token not in out
        failed, heard = failed or code, heard + out
    return failed, heard


def _comments(story: Story) -> list[dict[str, Any]]:
    store = story.site.folder / "comments.json"
    found = json.loads(store.read_text()) if store.exists() else []
    assert isinstance(found, list)
    return found


def test_the_workflow_for_github_reviews_and_promotes(story: Story) -> None:
    """One comment, updated; the settings of main; what is not as approved is not promoted; once."""
    gh = story.site.folder / "bin/gh"
    gh.write_text(GH.format(python=sys.executable, store=str(story.site.folder / "comments.json")))
    gh.chmod(0o755)
    chart = story.new_chart()
    elsewhere = settings(story.site.server).replace(story.site.server.url, "http://127.0.0.1:1")
    story.propose(chart, **{"lightdash-sync.toml": elsewhere})
    assert _workflow(story, "review")[0] == 0
    (comment,) = _comments(story)
    assert comment["body"].startswith(MARK)
    assert "**promotions/one.json** can be promoted" in comment["body"]
    assert "Only in staging" in comment["body"]
    story.change()
    assert _workflow(story, "review")[0] == 5
    (comment,) = _comments(story)
    assert "is **not what was approved** any more" in comment["body"]
    story.propose(chart)
    assert _workflow(story, "review")[0] == 0
    story.merge()
    code, said = _workflow(story, "promote")
    assert code == 0, said
    _has_promoted(story)
    assert _workflow(story, "promote")[0] == 0
    assert story.site.commits()[-1] == "Promote what was approved"
    assert len(story.site.commits()) == 2


def _has_promoted(story: Story) -> None:
    assert story.names("production").count("Only in staging") == 1
    files = story.on_main()
    assert "promotions/done/one.json" in files
    assert "promotions/one.json" not in files
    assert "snapshots/production.sync/identity.json" in files
    assert not [path for path in files if ".local" in path]


def test_what_cannot_be_promoted_stays_and_fails(story: Story) -> None:
    """The file waits for another review; nothing is written, and nothing pushed."""
    story.propose(story.new_chart())
    story.change()
    story.merge()
    code, said = _workflow(story, "promote")
    assert code == 5, said
    assert "Only in staging" not in story.names("production")
    assert "promotions/one.json" in story.on_main()
    assert len(story.site.commits()) == 1


def _pipeline(story: Story, job: str, branch: str, variables: Mapping[str, str]) -> tuple[int, str]:
    """Run the script of a job as GitLab's runner does, in a checkout of a commit."""
    place = story.checkout(branch)
    Hands(place).git("checkout", "-q", "--detach")
    script = [line for line in reading.pipeline_lines(job) if not line.startswith("pip ")]
    env = {
        "CI": "true", "GITLAB_CI": "true", "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7",
        "CI_PROJECT_URL": str(story.site.remote.root).removesuffix(".git"),
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_COMMIT_BRANCH": "main", **story.secrets,
    }  # fmt: skip
    code, said = story.site.run(["bash", "-e", "-c", "\n".join(script)], place, {**env, **variables})
    assert story.site.token not in said
    return code, said


def test_the_pipeline_for_gitlab_reviews_and_promotes(story: Story) -> None:
    """One note, updated; the settings of the target branch; what is not as approved is not promoted; once."""
    (story.site.folder / "bin/python").symlink_to(sys.executable)
    chart = story.new_chart()
    elsewhere = settings(story.site.server).replace(story.site.server.url, "http://127.0.0.1:1")
    story.propose(chart, **{"lightdash-sync.toml": elsewhere})
    with gitlab("glpat-3") as forge:
        variables = {"CI_API_V4_URL": forge.url, "LIGHTDASH_NOTES_TOKEN": "glpat-3"}
        code, said = _pipeline(story, "lightdash-review", "proposed", variables)
        assert code == 0, said
        assert forge.notes[0]["body"].startswith(MARK)
        assert "Only in staging" in forge.notes[0]["body"]
        story.change()
        code, said = _pipeline(story, "lightdash-review", "proposed", variables)
        assert code == 5, said
        assert "is **not what was approved** any more" in forge.notes[0]["body"]
        assert len(forge.notes) == 1
        assert "glpat-3" not in said
    story.propose(chart)
    story.merge()
    for _ in range(2):
        code, said = _pipeline(story, "lightdash-promotion", "main", {"LIGHTDASH_PUSH_TOKEN": "glpat-4"})
        assert code == 0, said
        _has_promoted(story)
    assert len(story.site.commits()) == 2


def test_a_preview_is_opened_promoted_and_closed(story: Story) -> None:
    """What was made in it arrives in what it was made of; what it did not change keeps its version."""
    server = story.site.server
    production = server.world.projects["production"]
    for chart in server.world.charts.values():
        chart.slug = chart.slug or "coffee"  # what has no slug at all has to be linked by hand
    toml = settings(server) + (
        f'\n[env.preview]\nurl = "{server.url}"\nproject = "Preview for promotion"\ntoken_env = "{TOKEN}"\n'
    )
    person = Hands(story.checkout("main"))
    person.write("lightdash-sync.toml", toml)
    person.git("commit", "-qam", "Name the preview")
    person.git("push", "-q", "origin", "HEAD:main")
    job = reading.recipe("preview-github.yml")["jobs"]["preview"]

    def press(what: str) -> str:
        place, said = story.checkout("main"), ""
        env = {"LIGHTDASH_URL": server.url, "NAME": job["env"]["NAME"], "PRODUCTION": production}
        env |= {"LIGHTDASH_API_KEY": story.site.token, **story.secrets}
        for step in job["steps"]:
            if "run" not in step or step["name"] == "Install":
                continue
            if step["name"] == "Push" and what == "close":
                continue
            if step["name"] == "Push" or f"== '{what}'" in step["if"]:
                code, out = story.site.run(["bash", "-e", "-c", step["run"]], place, env)
                assert code == 0, out
                said += out
        return said

    press("open")
    (preview,) = [uuid for uuid, one in server.world.project_rows.items() if one.name == job["env"]["NAME"]]
    chart = next(
        chart for chart in server.world.charts.values()
        if chart.space_uuid and server.world.spaces[chart.space_uuid].project_uuid == preview
    )  # fmt: skip
    chart.name = "Made in the preview"
    before = len(server.world.charts)
    press("promote")
    assert story.names("production").count("Made in the preview") == 1
    assert len(server.world.charts) == before
    press("close")
    assert preview not in server.world.project_rows
    assert story.site.commits()[-1] == "Remember what was promoted"
