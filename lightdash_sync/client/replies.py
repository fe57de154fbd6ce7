"""What we rely on in answers to writes, and about jobs and channels; as in `views`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from lightdash_sync.client.views import MaybeUuid, Uuid, View


class Made(View):
    """The answer to the creation of a space, chart or dashboard."""

    uuid: Uuid


class MadeSqlChart(View):
    """`POST /api/v1/projects/{p}/sqlRunner/saved`."""

    savedSqlUuid: Uuid


class MadeScheduler(View):
    """`POST .../schedulers`."""

    schedulerUuid: Uuid


class MadeTag(View):
    """`POST /api/v1/projects/{p}/tags`."""

    tagUuid: Uuid


class Pinned(View):
    """`PATCH .../pinning`: spaces come whole, charts and dashboards say `isPinned`."""

    pinnedListUuid: MaybeUuid
    isPinned: bool | None = None

    @property
    def now(self) -> bool:
        """Whether it is pinned."""
        return self.pinnedListUuid is not None if self.isPinned is None else self.isPinned


class StartedJob(View):
    """A job, by its number; 0.1372.1 says it as a number, current servers as text."""

    jobId: Annotated[str, BeforeValidator(lambda number: str(number) if isinstance(number, int) else number)]


class JobStatus(View):
    """`GET /api/v1/schedulers/job/{j}/status`."""

    status: str
    details: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.status in ("completed", "error")


class Validation(View):
    """A row of `GET .../projects/{p}/validate`: something that is wrong with an item or a table.

    Of what lies in spaces that the token does not see there is no uuid, and no true name.
    """

    name: str
    error: str
    errorType: str | None = None
    source: str | None = None
    chartUuid: Uuid | None = None
    dashboardUuid: Uuid | None = None
    fieldName: str | None = None
    validationId: int | None = None
    validationUuid: Uuid | None = None

    @property
    def key(self) -> str:
        """What names it: a uuid since 0.2872.0, before that a number."""
        return self.validationUuid or str(self.validationId)


class SlackChannel(View):
    """A row of `GET /api/v1/slack/channels`; the id is what schedulers hold."""

    id: str
    name: str
