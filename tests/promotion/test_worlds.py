"""What the server says of each item of the desk: the states are those that they are named after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError
from lightdash_sync.lightdash.promotion import PromotionDiff
from lightdash_sync.lightdash.reading import Lightdash
from tests.exporting import lightdash_at
from tests.promotion.worlds import PREVIEW, PRODUCTION, STAGED, STAGING, STATES, promotion_desk
from tests.sync.desk import Desk

SAME, CREATE, UPDATE = "no changes", "create", "update"
NOT_ASKED = (Kind.SPACE, Kind.SQL_CHART)

# State -> what 0.1372.1 says of the item; 409 where it refuses to choose.
SAID: dict[str, str | int] = {
    "unchanged": SAME,
    "changed": UPDATE,
    "renamed": UPDATE,
    "moved": SAME,
    "moved and changed": UPDATE,
    "changed on both sides": SAME,
    "changed upstream": SAME,
    "renamed and changed upstream": UPDATE,
    "renamed on both sides": UPDATE,
    "changed alike": UPDATE,
    "new": CREATE,
    "deleted upstream": CREATE,
    "in a renamed space": UPDATE,
    "in a new space": CREATE,
    "in a new private space": CREATE,
    "two upstream": 409,
    "in a space of which two are upstream": 409,
    "inside a dashboard": UPDATE,
    "hostile": UPDATE,
    "dashboard unchanged": UPDATE,
    "dashboard changed": UPDATE,
    "dashboard renamed": UPDATE,
    "dashboard moved": UPDATE,
    "dashboard changed upstream": UPDATE,
    "dashboard changed on both sides": UPDATE,
    "dashboard new": CREATE,
    "dashboard with charts inside": UPDATE,
    "dashboard with a new chart inside": UPDATE,
    "dashboard with a chart inside on two tiles": 409,
    "dashboard with a chart on two tiles": CREATE,
    "dashboard with an SQL tile": UPDATE,
    "dashboard with a deleted tile": UPDATE,
    "dashboard with links": UPDATE,
    "dashboard with comments upstream": UPDATE,
    "dashboard with a changed chart": UPDATE,
    "dashboard with a chart changed upstream": UPDATE,
    "dashboard two upstream": 409,
    "dashboard hostile": UPDATE,
}
# Dashboard -> what is said of the charts on it.
WITH_IT = {
    "dashboard unchanged": [SAME],
    "dashboard new": [CREATE],
    "dashboard with charts inside": [UPDATE],
    "dashboard with a new chart inside": [SAME, CREATE],
    "dashboard with a chart on two tiles": [CREATE, CREATE],
    "dashboard with an SQL tile": [],
    "dashboard with a deleted tile": [SAME],
    "dashboard with a changed chart": [UPDATE],
    "dashboard with a chart changed upstream": [SAME],
}
SPACES = {
    "in a renamed space": UPDATE,
    "in a new space": CREATE,
    "in a new private space": CREATE,
    "unchanged": SAME,
}


def _diff(desk: Desk, kind: Kind, name: str, where: str) -> PromotionDiff:
    at: Lightdash = lightdash_at(desk.server.url, desk.world.tokens["admin"])
    with at.session:
        return at.promotion_diff(kind, desk.uuid(kind, name, where), desk.projects[where])


def test_every_state_is_there(desk: Desk) -> None:
    """Each name is that of one item, and every state that a server can be asked about has an answer."""
    for kind, name in STATES.values():
        assert desk.uuid(kind, name, PREVIEW)
    for kind, name in STAGED.values():
        assert desk.uuid(kind, name, STAGING)
    assert SAID.keys() == {state for state, (kind, _) in STATES.items() if kind not in NOT_ASKED}


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk at which nothing is changed; the server stays up while it is asked."""
    with promotion_desk(tmp_path_factory.mktemp("still")) as desk:
        yield desk


@pytest.mark.parametrize("state", SAID)
def test_what_the_server_says(still: Desk, state: str) -> None:
    """Of each item of the preview, 0.1372.1 says what the recordings have for its state."""
    kind, name = STATES[state]
    if SAID[state] == 409:
        with pytest.raises(ApiError, match="There are multiple") as caught:
            _diff(still, kind, name, PREVIEW)
        assert caught.value.status == 409
        return
    diff = _diff(still, kind, name, PREVIEW)
    (item,) = diff.charts if kind is Kind.CHART else diff.dashboards
    assert (item.data.name, item.action) == (name, SAID[state])
    if state in WITH_IT:
        assert [chart.action for chart in diff.charts] == WITH_IT[state]
    if state in SPACES:
        assert [space.action for space in diff.spaces] == [SPACES[state]]


@pytest.mark.parametrize(("state", "word"), [("promoted before", CREATE), ("namesake", CREATE)])
def test_staging_never_matches(still: Desk, state: str, word: str) -> None:
    """On 0.1372.1 what was promoted from a project of its own is new each time, as is a namesake."""
    kind, name = STAGED[state]
    assert [chart.action for chart in _diff(still, kind, name, STAGING).charts] == [word]
    assert len(still.uuids(Kind.CHART, "Staged before", PRODUCTION)) == 2  # alone, and with its dashboard
