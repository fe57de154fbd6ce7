"""What is chosen can be named as people know it: by key, by name, by the address of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE

if TYPE_CHECKING:
    from tests.sync.desk import Desk


def test_a_name_or_an_address_chooses_what_its_key_chooses(desk: Desk) -> None:
    """The three are one plan, to the digest."""
    page = f"{desk.server.url}/projects/{desk.projects[SOURCE]}/saved/"
    page += f"{desk.uuid(Kind.CHART, 'Orders, again', SOURCE)}/view?x=1"
    texts = ("orders-again", "Orders, again", "orders,  AGAIN", page)
    digests = {desk.plan("--chart", text, "--adopt-by-name")["digest"] for text in texts}
    digests |= {desk.plan("--only", f"chart:{text}", "--adopt-by-name")["digest"] for text in texts[:3]}
    digests |= {desk.plan("--only", page, "--adopt-by-name")["digest"]}
    assert len(digests) == 1


def test_what_is_not_there_or_not_clear_is_answered_with_what_may_be_meant(desk: Desk) -> None:
    """A typo, and an item of another kind, are told in words."""
    assert (
        "Did you mean chart:orders-again" in desk.do("plan", *FROM_TO, "--chart", "Orders, agan", code=2).err
    )
    board = desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)
    page = f"{desk.server.url}/projects/{desk.projects[SOURCE]}/dashboards/{board}"
    wrong = desk.do("plan", *FROM_TO, "--chart", page, code=2)
    assert "is dashboard:overview, and no chart" in wrong.err
