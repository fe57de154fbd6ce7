"""The stand-in answers as the real server was recorded to do, in version 0.2904.5.

What cannot be compared is listed here, one by one, with the reason; so is what happened on the real server
between two recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .recorded_world import PASSWORD
from .recorded_world_2904 import VERSION, start_2904
from .replaying import EVERYTHING, NOT_YET, Exceptions, Stage, recordings_of, replayed


def _log_in(stage: Stage) -> None:
    """The admin opened a session."""
    answer = stage.client.post("/api/v1/login", json={"email": "demo@lightdash.com", "password": PASSWORD})
    stage.cookie = answer.headers["set-cookie"].split(";")[0]


# What happened on the real server before the recording of this number, unrecorded.
BETWEEN: dict[int, Callable[[Stage], None]] = {
    13: _log_in,
}

QUERY = "queries are not run"
# Subject: the recordings that are not imitated yet.
UNDONE: dict[str, Iterable[int]] = {
    "people and projects": range(1, 28),
    "explores": (28, 29),
    "spaces": (*range(30, 51), 255, 256, *range(272, 276), 292),
    "charts": (*range(52, 94), *range(258, 260), *range(263, 272)),
    "verification": (96, 97, 98),
    "dashboards": (*range(100, 118), 259, 290, 291),
    "history of dashboards that are not imitated": (119, 262),
    "pins and favourites": (51, 94, 121, 183, 184, 185, 186),
    "views": (91, 122),
    "comments": (123, 124, 125, 126),
    "charts inside dashboards": (127,),
    "schedulers": (134,),
    "tags": (*range(153, 159), 167, 168),
    "catalogue": range(159, 167),
    "content": (*range(169, 182), 287, 288, 289),
    "search": (182,),
    "SQL charts": range(187, 202),
    "promotion": (*range(207, 224), 260, 261, *range(293, 297)),
    "code, reading": (*range(224, 228), 235, 240),
    "code, writing": (*range(228, 235), *range(236, 240), 241, 242),
    "validation": (243, 244, 245, 277),
    "renaming of fields": (246,),
    "deleting": range(247, 255),
    "moving a space to the root": (257,),
    "errors": (279, 280),
    "settings": range(281, 287),
}
# Recording: the differences that are allowed (by their beginning), and why.
EXCEPTIONS: Exceptions = {
    **{
        number: (EVERYTHING, f"{NOT_YET}: {subject}")
        for subject, numbers in UNDONE.items()
        for number in numbers
    },
    95: (EVERYTHING, "no browser draws charts here"),
    99: (EVERYTHING, QUERY),
    278: (EVERYTHING, QUERY),
}


def test_the_recordings_replay() -> None:
    recordings = recordings_of(VERSION)
    world = start_2904(recordings)
    failures = replayed(world, recordings, BETWEEN, EXCEPTIONS)
    assert not world.crashes, world.crashes[0]
    assert not failures, f"{len(failures)} differences\n" + "\n".join(failures[:400])
