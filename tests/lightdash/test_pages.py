"""Lists in pages: all rows, or an error. Pages have no stable order, so a server can lose rows unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from lightdash_sync.errors import UnexpectedAnswer
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.versions import Server
from tests.lightdash.support import UUID, Reply, Seen, ok, served

NEW = Server("0.2904.5")


def _row(number: int) -> dict[str, object]:
    """A row that is one of content, schedulers and metrics at the same time."""
    uuid = f"{number:08x}-0000-4000-8000-000000000000"
    return {
        "uuid": uuid,
        "schedulerUuid": uuid,
        "contentType": "chart",
        "slug": "s",
        "tableName": "t",
        "name": uuid,
    }


def _page(rows: list[dict[str, object]], pages: object, total: object) -> Reply:
    pagination = {"page": 1, "pageSize": 1000, "totalPageCount": pages, "totalResults": total}
    return ok({"data": rows, "pagination": pagination})


def _pages_of(rows: list[dict[str, object]], most: int = 1000) -> Callable[[Seen], Reply]:
    """A server that pages as it is asked to, but never gives more rows a page than it likes."""

    def choose(seen: Seen) -> Reply:
        query = parse_qs(urlsplit(seen.target).query)
        page, size = int(query["page"][0]), min(int(query["pageSize"][0]), most)
        pages = -(-len(rows) // size)
        return _page(rows[(page - 1) * size : page * size], pages, len(rows))

    return choose


LISTS: dict[str, Callable[[Lightdash], list[object]]] = {
    "content": lambda at: list(at.content(UUID)),
    "metrics": lambda at: list(at.metrics(UUID)),
    "schedulers": lambda at: list(at.schedulers(UUID)),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_a_list_is_read_to_its_end(name: str, count: int, requests: int) -> None:
    """All rows of all pages, in their order, with no request more than there are pages."""
    with served(choose=_pages_of([_row(number) for number in range(count)])) as (server, session):
        found = LISTS[name](Lightdash(session, NEW))
    assert len(found) == count
    assert len(server.seen) == requests


def _first_of(count: int, total: int) -> Reply:
    return _page([_row(number) for number in range(count)], 2, total)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("replies", "problem"),
    [
        ([_first_of(3, 5), _page([_row(3)], 2, 5)], "5 rows were announced, 4 came"),
        ([_first_of(3, 5), _page([], 2, 5)], "5 rows were announced, 3 came"),
        ([_first_of(3, 5), _page([_row(3), _row(4), _row(5)], 2, 5)], "5 rows were announced, 6 came"),
        ([_page([], 0, 1)], "1 rows were announced, 0 came"),
        ([_first_of(3, 6), _first_of(3, 6)], "3 rows came twice, so others did not come"),
        ([_first_of(3, 5), _page([_row(2), _row(4)], 2, 5)], "1 rows came twice, so others did not come"),
        ([_first_of(3, 5), _page([_row(4)], 2, 4)], "the number of rows went from 5 to 4"),
        ([_first_of(3, 5), _page([_row(3), _row(4), _row(5)], 2, 6)], "the number of rows went from 5 to 6"),
    ],
    ids=["short", "empty", "long", "nothing", "repeated", "moved", "deleted", "added"],
)
def test_pages_that_do_not_fit_together(name: str, replies: list[Reply], problem: str) -> None:
    """A page too short, too long or repeated, a row that moved or went, each time: never a partial list."""
    with served(*replies * 5) as (server, session), pytest.raises(UnexpectedAnswer, match=problem) as caught:
        LISTS[name](Lightdash(session, NEW))
    assert len(server.seen) == 5 * len(replies)
    assert "run again" in caught.value.hint


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_changed_while_it_was_read_is_read_again(name: str) -> None:
    """Seen on a real 0.1372.1: 87 rows were announced, 86 came, because one was deleted in between."""
    rows = [_row(number) for number in range(3)]
    with served(_page(rows, 1, 4), _page(rows[:2], 1, 3), _page(rows, 1, 3)) as (server, session):
        assert len(LISTS[name](Lightdash(session, NEW))) == 3
    assert len(server.seen) == 3


def test_a_row_twice_on_one_page_is_one_row() -> None:
    """A server that lists a row twice on a page has lost none."""
    with served(_page([_row(1), _row(1), _row(2)], 1, 3)) as (_server, session):
        assert len(Lightdash(session, NEW).content(UUID)) == 2


@pytest.mark.parametrize(
    "results",
    [
        {},
        [],
        None,
        {"data": []},
        {"data": {}, "pagination": {"totalPageCount": 1, "totalResults": 0}},
        {"data": [], "pagination": None},
        {"data": [], "pagination": {"totalPageCount": 1}},
        {"data": [], "pagination": {"totalPageCount": "1", "totalResults": 0}},
        {"data": [], "pagination": {"totalPageCount": 1, "totalResults": None}},
    ],
)
def test_a_page_that_is_none(results: object) -> None:
    """An answer that does not say how many rows there are could be half a list: it is an error."""
    with served(ok(results)) as (_server, session), pytest.raises(UnexpectedAnswer, match="not as expected"):
        Lightdash(session, NEW).content(UUID)


def test_a_list_that_never_ends() -> None:
    """A server that always has one more page is left after a thousand."""
    numbers = iter(range(10**6))
    choose = lambda _: _page([_row(next(numbers))], 10**9, 10**9)  # noqa: E731
    with served(choose=choose) as (server, session), pytest.raises(UnexpectedAnswer, match="does not end"):
        Lightdash(session, NEW).content(UUID)
    assert len(server.seen) == 1000
