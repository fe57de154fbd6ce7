"""What we rely on in answers about explores, and the catalogue of their metrics; as in `views`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from lightdash_sync.client.views import Author, MaybeUuid, Uuid, View


class ExploreRow(View):
    """A row of `GET /api/v1/projects/{p}/explores`; those of dbt have no type, or `default`."""

    name: str
    type: str | None = None

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual view: one that somebody wrote in SQL."""
        return self.type == "virtual"


class _VirtualTable(View):
    sqlTable: str
    dimensions: dict[str, dict[str, Any]]


class VirtualView(View):
    """`GET /api/v1/projects/{p}/explores/{e}` of an explore that somebody wrote in SQL."""

    name: str
    label: str
    baseTable: str
    tables: dict[str, _VirtualTable]


class CodeView(View):
    """A virtual view as code."""

    slug: str


class _Skipped(View):
    slug: str


class CodeViews(View):
    """`GET /api/v1/projects/{p}/code/virtualViews`: all virtual views; some may not be said in code."""

    virtualViews: list[CodeView]
    skipped: list[_Skipped]


class Tag(View):
    """A row of `GET /api/v1/projects/{p}/tags`."""

    tagUuid: Uuid
    name: str
    createdBy: Author | None = None

    @property
    def author(self) -> str | None:
        """The uuid of whoever made it."""
        return self.createdBy.userUuid if self.createdBy else None


class Category(View):
    """A tag on a metric."""

    tagUuid: Uuid
    name: str
    color: str | None = None


class Metric(View):
    """A row of `GET /api/v1/projects/{p}/dataCatalog/metrics`."""

    tableName: str
    name: str
    categories: list[Category] = Field(default_factory=list)
    icon: dict[str, str] | None = None
    chartUsage: int | None = None
    catalogSearchUuid: MaybeUuid = None

    @property
    def field_id(self) -> str:
        """The metric's name in charts."""
        return f"{self.tableName}_{self.name.replace('.', '__')}"


class UsingChart(View):
    """A chart of `GET /api/v1/projects/{p}/dataCatalog/{table}/analytics/{field}`."""

    uuid: Uuid
