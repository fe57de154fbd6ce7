"""What GitHub and GitLab do around a job: repositories over HTTP behind a password, and checkouts."""

from __future__ import annotations

import base64
import http.server
import os
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.git.hands import Hands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def basic(user: str, password: str) -> str:
    """Return what HTTP sends for a user and a password."""
    return "basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True)
class Forge:
    """A server of git repositories.

    Args:
        url: where it is.
        pushes: those who pushed something, as HTTP tells them.
    """

    url: str
    pushes: list[str]


@contextmanager
def serving(root: Path, readers: list[str], writers: list[str]) -> Iterator[Forge]:
    """Serve the repositories below a folder, to those who may read or write them."""
    allowed = {"git-upload-pack": [*readers, *writers], "git-receive-pack": writers}
    pushes: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        """`git http-backend`, with a door in front of it."""

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            service = query.removeprefix("service=") if query else path.rpartition("/")[2]
            who = self.headers.get("Authorization", "")
            if who.replace("Basic", "basic") not in allowed[service]:
                self._send(401, [("WWW-Authenticate", 'Basic realm="forge"')], b"")
                return
            if self.command == "POST" and service == "git-receive-pack":
                pushes.append(who.replace("Basic", "basic"))
            env = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "HOME": str(root),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REMOTE_USER": "somebody",
                "REMOTE_ADDR": "127.0.0.1",
            }
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=env, stdout=subprocess.PIPE, check=True
            )
            head, _, answer = done.stdout.partition(b"\r\n\r\n")
            headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
            status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
            self._send(status, [(name, value) for name, value in headers if name != "Status"], answer)

        def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in [*headers, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Forge(f"http://127.0.0.1:{server.server_port}", pushes)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def github_checkout(place: Path, forge: Forge, path: str, token: str) -> None:
    """Check out a branch as `actions/checkout` does: one commit, and its token in the config."""
    place.mkdir(parents=True)
    here = Hands(place)
    here.git("init", "-q")
    here.git("remote", "add", "origin", f"{forge.url}/{path}")
    here.git("config", "--local", f"http.{forge.url}/.extraheader", f"AUTHORIZATION: {token}")
    here.git("fetch", "-q", "--no-tags", "--prune", "--depth=1", "origin", "+main:refs/remotes/origin/main")
    here.git("checkout", "-q", "--force", "-B", "main", "refs/remotes/origin/main")


def gitlab_checkout(place: Path, forge: Forge, path: str, token: str) -> None:
    """Check out a commit as GitLab's runner does: some history, no branch, the job's token in the URL."""
    place.mkdir(parents=True)
    here = Hands(place)
    here.git("init", "-q")
    url = forge.url.replace("://", f"://gitlab-ci-token:{token}@")
    here.git("remote", "add", "origin", f"{url}/{path}")
    here.git("fetch", "-q", "--depth", "20", "origin", "+main:refs/remotes/origin/main")
    here.git("checkout", "-q", "--force", "--detach", "refs/remotes/origin/main")
