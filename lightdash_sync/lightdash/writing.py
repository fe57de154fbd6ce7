"""The endpoints of Lightdash that are written, one method each; a `Writer` has them all.

Content is passed in the server's normal form (the result of `content.portable.to_server`, with uuids of this
server and with unknown fields); each method takes from it what its endpoint needs, in the form of the
server's version. Facts: docs/lightdash-api.md#spaces-and-access and the sections after it.

A method sends one request, once. An error with `unclear` means that the write may have been carried out:
check before sending it again. Any other error means that it was not. Nothing here reads back what was
written.

In order: schedulers, tags, pins and validation; virtual views; spaces, charts, SQL charts and dashboards.
Promotion is in `promotion`, creation with a chosen slug in `as_code`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import quote

from lightdash_sync.content.json import objects
from lightdash_sync.content.kinds import SECRET, SECRET_TARGETS, UNVERSIONED, Kind
from lightdash_sync.content.schedulers import quiet_cron
from lightdash_sync.errors import ApiError, NotFound, SyncError
from lightdash_sync.lightdash import schemas
from lightdash_sync.lightdash.as_code import CodeWrites
from lightdash_sync.lightdash.promotion import PromotionWrites
from lightdash_sync.lightdash.requests import Sender, checked, only, taken, told, without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from lightdash_sync.content.json import Json, JsonObject


# Schedulers, tags, icons, pins and validation.
#
# Facts: docs/lightdash-api.md#scheduled-deliveries and the sections after it. Methods that create return the
# new uuid.

Pinnable: TypeAlias = Literal["space", "chart", "dashboard"]

# Fields of a scheduler in normal form that are not in a body: the path has the owner, the server sets the
# rest.
_NOT_SENT = frozenset({"createdBy", "savedChartUuid", "dashboardUuid", "savedSqlUuid", "enabled"})
_OF_NO_APP: JsonObject = {"appUuid": None, "appName": None}
_SCHEDULER = ("name", "format", "cron", "options", "targets")


class DeliveryWrites(Sender):
    """Writes of schedulers, tags, catalogue, pins and validation."""

    # --- schedulers
    #
    # A scheduler is restored in this order, each step with a request of its own
    # (docs/lightdash-api.md#creating-and-changing-deliveries):
    #   1. `create_quiet_scheduler`    it is enabled at once, but has no run left today and no targets
    #   2. `enable_scheduler(False)`   removes whatever was queued
    #   3. `replace_scheduler`         the real time and targets; a PATCH never enables
    #   4. `enable_scheduler(True)`    only if it should send

    def create_quiet_scheduler(self, project: str, scheduler: JsonObject, today: date, slug: str = "") -> str:
        """`POST /saved/{u}/schedulers`, `/dashboards/{u}/schedulers` or `/sqlRunner/saved/{u}/schedulers`.

        The server enables what it creates, and the owner is the token's; so it is created without targets
        and with `quiet_cron`. All versions accept `targets: []`
        (docs/lightdash-api.md#creating-and-changing-deliveries).

        Args:
            project: uuid of the project.
            scheduler: normal form; `savedChartUuid`, `dashboardUuid` or `savedSqlUuid` is the delivered item.
            today: the current day, in any time zone.
            slug: the slug for it, which nothing in the project may have; "" to let the server make one.

        Returns:
            The uuid of the scheduler.

        Raises:
            ApiError: `unclear` also for a 500: 0.1372.1 answers 500 to an invalid time zone, after creating.
        """
        path = _delivered(project, scheduler)
        body = {"includeLinks": True} | _scheduler_body(scheduler, "POST", path)
        body |= {"cron": quiet_cron(today), "targets": [], "enabled": False}
        if self.server.can("app_deliveries"):
            body |= _OF_NO_APP
        if slug:
            body["slug"] = slug
        return told(schemas.MadeScheduler, self._post(path, body), "POST", path).schedulerUuid

    def replace_scheduler(self, scheduler: str, content: JsonObject) -> None:
        """`PATCH /schedulers/{s}`: replaces all but owner and `enabled`; targets are created again.

        Fields that the content lacks become null. A missing message is sent as null, because the server would
        keep it otherwise.

        Raises:
            ApiError: also if the address of a target is a secret that snapshots do not contain; then nothing
                is sent.
        """
        path = f"/api/v1/schedulers/{checked(scheduler)}"
        body: JsonObject = {"message": None} | _scheduler_body(content, "PATCH", path)
        if self.server.can("plain_text_emails"):
            body = {"plainTextEmail": False} | body
        for target in objects(body["targets"]):
            if any(target.get(name) == SECRET for name in SECRET_TARGETS):
                message = "not sent, because the address of a webhook is a secret that snapshots do not hold"
                raise ApiError(message, method="PATCH", path=path, hint="Add this target in Lightdash.")
        self._patch(path, body)

    def enable_scheduler(self, scheduler: str, enabled: bool) -> None:
        """`PATCH /schedulers/{s}/enabled`: enabling queues the runs left today, disabling deletes them."""
        self._patch(f"/api/v1/schedulers/{checked(scheduler)}/enabled", {"enabled": enabled})

    def delete_scheduler(self, scheduler: str) -> None:
        """`DELETE /schedulers/{s}`; 404 if it does not exist."""
        self._delete(f"/api/v1/schedulers/{checked(scheduler)}")

    # --- tags, categories, icons

    def create_tag(self, project: str, name: str, color: str) -> str:
        """`POST /projects/{p}/tags` (201): returns its uuid.

        A name that the project has already is a 500 on 0.1372.1 (so `unclear`), a second tag on 0.2904.5.
        """
        path = f"/api/v1/projects/{checked(project)}/tags"
        return told(schemas.MadeTag, self._post(path, {"name": name, "color": color}), "POST", path).tagUuid

    def patch_tag(self, project: str, tag: str, changes: JsonObject) -> None:
        """`PATCH /projects/{p}/tags/{t}`: `name` and `color`, if given; without either no request is sent."""
        if body := only(changes, ("name", "color")):
            self._patch(f"/api/v1/projects/{checked(project)}/tags/{checked(tag)}", body)

    def delete_tag(self, project: str, tag: str) -> None:
        """`DELETE /projects/{p}/tags/{t}`: removes it from all metrics."""
        self._delete(f"/api/v1/projects/{checked(project)}/tags/{checked(tag)}")

    def add_category(self, project: str, item: str, tag: str) -> None:
        """`POST /projects/{p}/dataCatalog/{item}/categories`: 500 (so `unclear`) if it has the tag already.

        Args:
            project: uuid of the project.
            item: `catalogSearchUuid` of the metric, which changes with every compile: read it just before.
            tag: uuid of the tag.
        """
        self._post(f"{_item(project, item)}/categories", {"tagUuid": tag})

    def remove_category(self, project: str, item: str, tag: str) -> None:
        """`DELETE /projects/{p}/dataCatalog/{item}/categories/{t}`; no error if it lacks the tag."""
        self._delete(f"{_item(project, item)}/categories/{checked(tag)}")

    def set_icon(self, project: str, item: str, icon: JsonObject | None) -> None:
        """`PATCH /projects/{p}/dataCatalog/{item}/icon`: `{"unicode": ...}`, `{"url": ...}`, or none."""
        self._patch(f"{_item(project, item)}/icon", {"icon": icon})

    # --- pins

    def toggle_pin(self, project: str, kind: Pinnable, uuid: str) -> bool:
        """`PATCH .../pinning`: pins an item, or unpins a pinned one; a new pin is the last in order.

        Returns:
            Whether it is pinned now, according to the answer.
        """
        paths = {
            "space": f"/api/v1/projects/{checked(project)}/spaces/{checked(uuid)}/pinning",
            "chart": f"/api/v1/saved/{checked(uuid)}/pinning",
            "dashboard": f"/api/v1/dashboards/{checked(uuid)}/pinning",
        }
        path = paths[kind]
        return told(schemas.Pinned, self._patch(path), "PATCH", path).now

    def order_pins(
        self,
        project: str,
        pinned_list: str,
        pins: Sequence[tuple[Pinnable, str]],
        places: Sequence[int] | None = None,
    ) -> None:
        """`PATCH /projects/{p}/pinned-lists/{l}/items/order`: the pins of a list, first to last.

        Args:
            project: uuid of the project.
            pinned_list: `pinnedListUuid` of the project, which its first pin creates.
            pins: kind and uuid of each.
            places: the number of each, ascending; 0, 1, 2 ... by default.
        """
        path = f"/api/v1/projects/{checked(project)}/pinned-lists/{checked(pinned_list)}/items/order"
        rows: list[Json] = [
            {"type": kind, "data": {"uuid": uuid, "pinnedListOrder": order}}
            for order, (kind, uuid) in zip(places or range(len(pins)), pins, strict=True)
        ]
        self._patch(path, rows)

    # --- validation

    def start_validation(self, project: str) -> str:
        """`POST /projects/{p}/validate`: returns the number of a job (`Lightdash.job_status`).

        Without `explores` in the body the results replace the stored ones of the project, so they are read
        without the number, by `Lightdash.validation` (docs/lightdash-api.md#validation).
        """
        path = f"/api/v1/projects/{checked(project)}/validate"
        return told(schemas.StartedJob, self._post(path, {}), "POST", path).jobId


def _delivered(project: str, scheduler: JsonObject) -> str:
    """Return the path below which a scheduler is created."""
    for field, path in (
        ("savedChartUuid", "/api/v1/saved/{}/schedulers"),
        ("dashboardUuid", "/api/v1/dashboards/{}/schedulers"),
        ("savedSqlUuid", f"/api/v1/projects/{checked(project)}/sqlRunner/saved/{{}}/schedulers"),
    ):
        if uuid := scheduler.get(field):
            return path.format(checked(str(uuid)))
    message = "not sent, because the content does not say what it delivers"
    raise ApiError(message, method="POST", path="/api/v1/saved/.../schedulers")


def _scheduler_body(content: JsonObject, method: str, path: str) -> JsonObject:
    """Return the full body of a scheduler: a partial one is a 500, or resets the missing fields.

    Unset fields are left out, because newer servers reject null for them.
    """
    required = taken(content, _SCHEDULER, method, path)
    said = without(content, _NOT_SENT) | required
    return {name: value for name, value in said.items() if value is not None}


def _item(project: str, item: str) -> str:
    return f"/api/v1/projects/{checked(project)}/dataCatalog/{checked(item)}"


# Virtual views: explores that somebody wrote in SQL, and that charts use like those of dbt.
#
# The server protects them badly (seen on 0.2904.5; the code of 0.1372.1 is the same): creating checks the
# name in snake case but stores it as sent, over any explore with that name; changing replaces any explore
# with the name, even one of dbt; changing and deleting answer 200 even if there is none. So the caller of
# these methods must check first what has the name. Facts: docs/lightdash-api.md#virtual-views.


class VirtualViewWrites(Sender):
    """Writes virtual views; needs the developer role."""

    def create_virtual_view(self, project: str, view: JsonObject) -> None:
        """`POST /projects/{p}/sqlRunner/virtual-view`: the server makes the label from the name.

        Args:
            project: uuid of the project.
            view: `name`, `sql`, `columns`, and `parameterValues` if the server supports them.

        Raises:
            ApiError: 409 if an explore has the name in snake case.
        """
        path = f"/api/v1/projects/{checked(project)}/sqlRunner/virtual-view"
        self._post(path, self._body(view, "POST", path))

    def update_virtual_view(self, project: str, view: JsonObject) -> None:
        """`PUT /projects/{p}/sqlRunner/virtual-view/{name}`: label, SQL and columns, always all of them.

        Args:
            project: uuid of the project.
            view: as in `create_virtual_view`, with `label`.
        """
        base = f"/api/v1/projects/{checked(project)}/sqlRunner/virtual-view"
        path = f"{base}/{_named(view)}"
        label = taken(view, ("label",), "PUT", path)["label"]
        self._put(path, self._body(view, "PUT", path) | {"name": label})

    def delete_virtual_view(self, project: str, view: JsonObject) -> None:
        """`DELETE /projects/{p}/sqlRunner/virtual-view/{name}`: charts that use it stay, and fail."""
        self._delete(f"/api/v1/projects/{checked(project)}/sqlRunner/virtual-view/{_named(view)}")

    def _body(self, view: JsonObject, method: str, path: str) -> JsonObject:
        body = taken(view, ("name", "sql", "columns"), method, path)
        if (values := view.get("parameterValues")) and self.server.can("virtual_view_parameters"):
            body["parameterValues"] = values
        return body


def _named(view: JsonObject) -> str:
    """Return the name of a virtual view as one segment of a path; only dots would lead to another path."""
    name = str(view.get("name"))
    if name in ("", ".", ".."):
        raise SyncError(f"{name!r} is no name of a virtual view, so nothing was sent")
    return quote(name, safe="")


Role: TypeAlias = Literal["viewer", "editor", "admin"]

# Fields of a rename or move; palettes are supported since 0.2889.0 and ignored before.
_METADATA = ("name", "description", "spaceUuid", "colorPaletteUuid")
_CHART = ("tableName", "metricQuery", "chartConfig", "tableConfig")
_SQL = ("sql", "limit", "config")
_FILTERS = ("dimensions", "metrics", "tableCalculations")
# Fields of content in the server's answers that are in no body.
_SAID = frozenset({"verification", "deletedAt", "deletedBy"})
_MISSING_EXPLORE = re.compile(r'Explore ".*" does not exist', re.DOTALL)


class Writer(DeliveryWrites, PromotionWrites, VirtualViewWrites, CodeWrites):
    """All writes that a sync needs, and promotion; see `Sender` for its arguments."""

    @contextmanager
    def _answered(self, uuid: str = "") -> Iterator[Callable[[Json], None]]:
        """Keep the answer to the write of an item, and drop the answer to the write before it.

        Args:
            uuid: uuid of the item; "" if it is created.
        """
        self.answers.pop(uuid, None)

        def keep(results: Json) -> None:
            if isinstance(results, dict) and isinstance(made := results.get("uuid"), str):
                self.answers[made] = results

        yield keep

    # --- spaces

    def create_space(self, project: str, space: JsonObject) -> str:
        """`POST /projects/{p}/spaces`: returns its uuid; the token's owner becomes its admin.

        Args:
            project: uuid of the project.
            space: `name`, `inheritsAccess`, and `parentSpaceUuid` unless it is a root space (on servers
                without nesting it becomes one). Grants are written by `share_with_user` and
                `share_with_group`.
        """
        path = f"/api/v1/projects/{checked(project)}/spaces"
        body = self._space(space, "POST", path)
        parent = space.get("parentSpaceUuid")
        if parent and self.server.can("nested_spaces"):
            body["parentSpaceUuid"] = parent  # null is a 422
        return told(schemas.CreatedReply, self._post(path, body), "POST", path).uuid

    def update_space(self, project: str, space: str, content: JsonObject) -> None:
        """`PATCH /projects/{p}/spaces/{s}`: name and privacy, always both (0.1372.1 refuses one alone).

        Args:
            project: uuid of the project.
            space: uuid of the space.
            content: `name` and `inheritsAccess`; `projectMemberAccessRole` and `colorPaletteUuid` if content
                and server have them. Closing a space on current servers gives a grant to everybody who could
                see it (docs/lightdash-api.md#creating-and-changing-spaces).
        """
        path = f"/api/v1/projects/{checked(project)}/spaces/{checked(space)}"
        body = self._space(content, "PATCH", path)
        if self.server.can("space_member_role"):
            body |= only(content, ("projectMemberAccessRole", "colorPaletteUuid"))
        self._patch(path, body)

    def move_space(self, project: str, space: str, parent: str | None) -> None:
        """`POST /api/v2/content/{p}/move`: below another space, or to the root; not on 0.1372.1.

        For a space that is already there the answer is 400.
        """
        item: JsonObject = {"contentType": "space", "uuid": checked(space)}
        action: JsonObject = {"type": "move", "targetSpaceUuid": parent}
        self._post(f"/api/v2/content/{checked(project)}/move", {"item": item, "action": action})

    def delete_space(self, project: str, space: str) -> None:
        """`DELETE /projects/{p}/spaces/{s}`: deletes everything in it, too."""
        self._delete(f"/api/v1/projects/{checked(project)}/spaces/{checked(space)}")

    def share_with_user(self, project: str, space: str, user: str, role: Role) -> None:
        """`POST .../spaces/{s}/share`: grant, or change the role of a grant; unknown people are a 500."""
        path = f"/api/v1/projects/{checked(project)}/spaces/{checked(space)}/share"
        self._post(path, {"userUuid": checked(user), "spaceRole": role})

    def unshare_with_user(self, project: str, space: str, user: str) -> None:
        """`DELETE .../spaces/{s}/share/{u}`; no error if there is no grant."""
        base = f"/api/v1/projects/{checked(project)}/spaces/{checked(space)}"
        self._delete(f"{base}/share/{checked(user)}")

    def share_with_group(self, project: str, space: str, group: str, role: Role) -> None:
        """`POST .../spaces/{s}/group/share`: grant, or change the role of a grant."""
        path = f"/api/v1/projects/{checked(project)}/spaces/{checked(space)}/group/share"
        self._post(path, {"groupUuid": checked(group), "spaceRole": role})

    def unshare_with_group(self, project: str, space: str, group: str) -> None:
        """`DELETE .../spaces/{s}/group/share/{g}`; no error if there is no grant."""
        base = f"/api/v1/projects/{checked(project)}/spaces/{checked(space)}"
        self._delete(f"{base}/group/share/{checked(group)}")

    # --- charts

    def create_chart(self, project: str, chart: JsonObject) -> str:
        """`POST /projects/{p}/saved`: returns its uuid.

        Args:
            project: uuid of the project.
            chart: normal form with `spaceUuid`, or with `dashboardUuid` for a chart inside a dashboard. The
                latter is deleted by the next write of that dashboard's tiles that does not show it.

        Raises:
            NotFound: an `unclear` one if the explore is missing: the chart was created nevertheless
                (docs/lightdash-api.md#errors-after-the-effect).
        """
        path = f"/api/v1/projects/{checked(project)}/saved"
        place = "dashboardUuid" if chart.get("dashboardUuid") else "spaceUuid"
        taken(chart, ("name", place, *_CHART), "POST", path)
        with _missing_explores_come_late(), self._answered() as keep:
            keep(results := self._post(path, without(chart, _SAID)))
        return told(schemas.CreatedReply, results, "POST", path).uuid

    def patch_chart(self, chart: str, changes: JsonObject) -> None:
        """`PATCH /saved/{u}`: name, description and space, if given; without any no request is sent.

        Creates no version. A `spaceUuid` moves a chart out of its dashboard.

        Raises:
            NotFound: an `unclear` one if the explore is missing: the change was made
                (docs/lightdash-api.md#errors-after-the-effect).
        """
        if body := only(changes, _METADATA):
            with _missing_explores_come_late(), self._answered(chart) as keep:
                keep(self._patch(f"/api/v1/saved/{checked(chart)}", body))

    def add_chart_version(self, chart: str, content: JsonObject) -> None:
        """`POST /saved/{u}/version`: a new version, even if nothing differs; name and place stay."""
        path = f"/api/v1/saved/{checked(chart)}/version"
        required = taken(content, _CHART, "POST", path)
        with _missing_explores_come_late(), self._answered(chart) as keep:
            keep(self._post(path, without(content, UNVERSIONED | _SAID) | required))

    def roll_back_chart(self, chart: str, version: str) -> None:
        """`POST /saved/{u}/rollback/{v}`: a new version with the content of an old one."""
        with self._answered(chart):
            self._post(f"/api/v1/saved/{checked(chart)}/rollback/{checked(version)}")

    def delete_chart(self, chart: str) -> None:
        """`DELETE /saved/{u}`: with its schedulers; tiles that show it stay, empty."""
        self._delete(f"/api/v1/saved/{checked(chart)}")

    # --- SQL charts

    def create_sql_chart(self, project: str, chart: JsonObject, slug: str = "") -> str:
        """`POST /projects/{p}/sqlRunner/saved`: returns its uuid; always in a space.

        Args:
            project: uuid of the project.
            chart: normal form.
            slug: the slug for it, on servers that accept one (`chosen_slugs`); "" for one made from its name.
                A slug that another SQL chart of the project has, even a deleted one, is a 500.
        """
        path = f"/api/v1/projects/{checked(project)}/sqlRunner/saved"
        body = {"description": chart.get("description")} | taken(
            chart, ("name", "spaceUuid", *_SQL), "POST", path
        )
        if slug:
            body["slug"] = slug
        return told(schemas.MadeSqlChart, self._post(path, body), "POST", path).savedSqlUuid

    def patch_sql_chart(
        self, project: str, chart: str, content: JsonObject, *, metadata: bool, version: bool
    ) -> None:
        """`PATCH /projects/{p}/sqlRunner/saved/{u}`: metadata, a new version, or both in one request.

        Args:
            project: uuid of the project.
            chart: uuid of the chart.
            content: normal form.
            metadata: write `name`, `description` and `spaceUuid`, which the server takes together.
            version: write `sql`, `limit` and `config`, which the server takes together.
        """
        path = f"/api/v1/projects/{checked(project)}/sqlRunner/saved/{checked(chart)}"
        body: JsonObject = {}
        if metadata:
            required = taken(content, ("name", "spaceUuid"), "PATCH", path)
            body["unversionedData"] = {"description": content.get("description")} | required
        if version:
            body["versionedData"] = taken(content, _SQL, "PATCH", path)
        if body:
            self._patch(path, body)

    def delete_sql_chart(self, project: str, chart: str) -> None:
        """`DELETE /projects/{p}/sqlRunner/saved/{u}`."""
        self._delete(f"/api/v1/projects/{checked(project)}/sqlRunner/saved/{checked(chart)}")

    # --- dashboards
    #
    # A dashboard with charts inside it is created empty; then the charts are created with its uuid; then one
    # `write_dashboard` has tiles that show them all. Any other write of tiles in between deletes the charts
    # (docs/lightdash-api.md#charts-inside-a-dashboard).

    def create_empty_dashboard(self, project: str, dashboard: JsonObject) -> str:
        """`POST /projects/{p}/dashboards` (201): name, description and space; returns its uuid.

        It has no tiles, because this endpoint refuses nulls that others accept, and 0.1372.1 loses the tiles
        that its filters apply to.
        """
        path = f"/api/v1/projects/{checked(project)}/dashboards"
        body: JsonObject = {"tiles": [], "tabs": []}
        body |= taken(dashboard, ("name", "spaceUuid"), "POST", path)
        if dashboard.get("description") is not None:  # null is a 422
            body["description"] = dashboard["description"]
        return told(schemas.CreatedReply, self._post(path, body), "POST", path).uuid

    def patch_dashboard(self, dashboard: str, changes: JsonObject) -> None:
        """`PATCH /dashboards/{u}` for metadata: `name`, and description and space if given.

        Creates no version. Without a name the server answers 200 but ignores a description.
        """
        path = f"/api/v1/dashboards/{checked(dashboard)}"
        taken(changes, ("name",), "PATCH", path)
        with self._answered(dashboard) as keep:
            keep(self._patch(path, only(changes, _METADATA)))

    def write_dashboard(self, dashboard: str, content: JsonObject, *, metadata: bool = False) -> None:
        """`PATCH /dashboards/{u}` for content: replaces tiles, tabs, filters, config, parameters.

        Creates a version. Charts inside the dashboard that no version has ever shown are deleted by this.

        Args:
            dashboard: uuid of the dashboard.
            content: normal form; missing fields become empty.
            metadata: write name, description and space in the same request.
        """
        path = f"/api/v1/dashboards/{checked(dashboard)}"
        taken(content, ("tiles", "name") if metadata else ("tiles",), "PATCH", path)
        body = without(content, _SAID | set(_METADATA))
        if metadata:
            body |= only(content, _METADATA)
        with self._answered(dashboard) as keep:
            keep(self._patch(path, body | self._layout(content)))

    def delete_dashboard(self, dashboard: str) -> None:
        """`DELETE /dashboards/{u}`: deletes the charts inside it and its schedulers, too."""
        self._delete(f"/api/v1/dashboards/{checked(dashboard)}")

    def restore(self, project: str, kind: Kind, uuid: str) -> None:
        """`POST /api/v2/content/{p}/restore`: restore a deleted chart, SQL chart or dashboard.

        Raises:
            NotFound: it is not deleted, or not any more. If its space is deleted, the answer is 200 and the
                item is in no list; restoring a space restores everything that its owner ever deleted in it.
        """
        item: JsonObject = {"uuid": checked(uuid), "contentType": str(Kind.DASHBOARD)}
        if kind is not Kind.DASHBOARD:
            source = "sql" if kind is Kind.SQL_CHART else "dbt_explore"
            item |= {"contentType": str(Kind.CHART), "source": source}
        self._post(f"/api/v2/content/{checked(project)}/restore", {"item": item})

    # --- verification

    def verify(self, kind: Kind, uuid: str) -> None:
        """`POST /saved/{u}/verification`, or of a dashboard: as the token's owner, who must be an admin."""
        self._post(_verification_of(kind, uuid))

    def unverify(self, kind: Kind, uuid: str) -> None:
        """`DELETE` of the same; no error if it is not verified."""
        self._delete(_verification_of(kind, uuid))

    def _space(self, space: JsonObject, method: str, path: str) -> JsonObject:
        """Return name and privacy in the form of the server's version, which ignores other forms."""
        told_by_us = taken(space, ("name", "inheritsAccess"), method, path)
        inherits = bool(told_by_us["inheritsAccess"])
        if self.server.can("inherited_access"):
            return {"name": told_by_us["name"], "inheritParentPermissions": inherits}
        return {"name": told_by_us["name"], "isPrivate": not inherits}

    def _layout(self, content: JsonObject) -> JsonObject:
        """Return complete tiles, tabs and filters: a missing one is a 500, or emptied."""
        knows_hidden = self.server.can("hidden_tabs")
        tabs: list[Json] = [
            {"hidden": False} | tab if knows_hidden else without(tab, ("hidden",))
            for tab in objects(content.get("tabs"))
        ]
        filters: JsonObject = {group: [] for group in _FILTERS}
        if isinstance(given := content.get("filters"), dict):
            filters |= given
        return {"tiles": content["tiles"], "tabs": tabs, "filters": filters}


def _verification_of(kind: Kind, uuid: str) -> str:
    return f"/api/v1/{'saved' if kind is Kind.CHART else 'dashboards'}/{checked(uuid)}/verification"


@contextmanager
def _missing_explores_come_late() -> Iterator[None]:
    """Mark the 404 for a missing explore as unclear: the server checks it after it has done the work."""
    try:
        yield
    except NotFound as error:
        error.unclear = bool(_MISSING_EXPLORE.match(error.reason))
        raise
