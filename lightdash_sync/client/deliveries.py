"""What stands around content, written: schedulers, tags, icons, pins, validation; one method each.

Sources: api-facts sections 8 to 11 and the recordings of 0.1372.1 and 0.2904.5. Methods that create return
the new uuid. Nothing here reads back what the server made of a body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from lightdash_sync.client import replies
from lightdash_sync.client.sending import Sender, checked, only, taken, told, without
from lightdash_sync.errors import ApiError
from lightdash_sync.model.canonical import objects
from lightdash_sync.model.kinds import SECRET, SECRET_TARGETS
from lightdash_sync.model.quiet import quiet_cron

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from lightdash_sync.model.canonical import Json, JsonObject

Pinnable: TypeAlias = Literal["space", "chart", "dashboard"]

# Of a scheduler in normal form, what no body has: the place is in the path, the rest is the server's.
_NOT_SENT = frozenset({"createdBy", "savedChartUuid", "dashboardUuid", "savedSqlUuid", "enabled"})
_OF_NO_APP: JsonObject = {"appUuid": None, "appName": None}
_SCHEDULER = ("name", "format", "cron", "options", "targets")


class DeliveryWrites(Sender):
    """Writes of schedulers, tags, catalogue, pins and validation."""

    # --- schedulers
    #
    # To restore one, in this order (api-facts 8.3), each step a request of its own:
    #   1. `create_quiet_scheduler`    it is enabled at once, but has no run left today and no targets
    #   2. `enable_scheduler(False)`   takes back whatever was queued
    #   3. `replace_scheduler`         the true time and targets; a PATCH never enables
    #   4. `enable_scheduler(True)`    only if it should send

    def create_quiet_scheduler(self, project: str, scheduler: JsonObject, today: date, slug: str = "") -> str:
        """`POST /saved/{u}/schedulers`, `/dashboards/{u}/schedulers` or `/sqlRunner/saved/{u}/schedulers`.

        The server enables what it creates, and the owner is the token's; so it is created without targets
        and with `quiet_cron`. Both versions accept `targets: []` (0.1372.1 recording 352; 0.2904.5 asks for
        an array, recording 133).

        Args:
            project: its uuid.
            scheduler: normal form; says by `savedChartUuid`, `dashboardUuid` or `savedSqlUuid` what it
                delivers.
            today: the present day, in any time zone.
            slug: that it shall have, which nothing in the project may have; "" for one of the server's.

        Returns:
            The uuid of the scheduler.

        Raises:
            ApiError: `unclear` for a 500 too: 0.1372.1 says 500 to a bad time zone, after creating.
        """
        path = _delivered(project, scheduler)
        body = {"includeLinks": True} | _scheduler_body(scheduler, "POST", path)
        body |= {"cron": quiet_cron(today), "targets": [], "enabled": False}
        if self.server.can("app_deliveries"):
            body |= _OF_NO_APP
        if slug:
            body["slug"] = slug
        return told(replies.MadeScheduler, self._post(path, body), "POST", path).schedulerUuid

    def replace_scheduler(self, scheduler: str, content: JsonObject) -> None:
        """`PATCH /schedulers/{s}`: replaces all but owner and `enabled`; targets are made anew.

        What the content leaves out becomes null, but for the message, which both versions would keep.

        Raises:
            ApiError: also if a target's address is one that snapshots do not hold; nothing is sent then.
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
        """`DELETE /schedulers/{s}`; 404 if it is gone."""
        self._delete(f"/api/v1/schedulers/{checked(scheduler)}")

    # --- tags, categories, icons

    def create_tag(self, project: str, name: str, color: str) -> str:
        """`POST /projects/{p}/tags` (201): returns its uuid.

        A name that the project has already is a 500 on 0.1372.1 (so `unclear`), a second tag on 0.2904.5.
        """
        path = f"/api/v1/projects/{checked(project)}/tags"
        return told(replies.MadeTag, self._post(path, {"name": name, "color": color}), "POST", path).tagUuid

    def patch_tag(self, project: str, tag: str, changes: JsonObject) -> None:
        """`PATCH /projects/{p}/tags/{t}`: those of `name` and `color` that are given; none, no request."""
        if body := only(changes, ("name", "color")):
            self._patch(f"/api/v1/projects/{checked(project)}/tags/{checked(tag)}", body)

    def delete_tag(self, project: str, tag: str) -> None:
        """`DELETE /projects/{p}/tags/{t}`: takes it off all metrics."""
        self._delete(f"/api/v1/projects/{checked(project)}/tags/{checked(tag)}")

    def add_category(self, project: str, item: str, tag: str) -> None:
        """`POST /projects/{p}/dataCatalog/{item}/categories`: 500 (so `unclear`) if it has the tag.

        Args:
            project: its uuid.
            item: `catalogSearchUuid` of the metric, new with every compile: read it just before.
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
        """`PATCH .../pinning`: pins what is not pinned, and unpins what is; a new pin is last in order.

        Returns:
            Whether it is pinned now, as the server says.
        """
        paths = {
            "space": f"/api/v1/projects/{checked(project)}/spaces/{checked(uuid)}/pinning",
            "chart": f"/api/v1/saved/{checked(uuid)}/pinning",
            "dashboard": f"/api/v1/dashboards/{checked(uuid)}/pinning",
        }
        path = paths[kind]
        return told(replies.Pinned, self._patch(path), "PATCH", path).now

    def order_pins(
        self,
        project: str,
        pinned_list: str,
        pins: Sequence[tuple[Pinnable, str]],
        places: Sequence[int] | None = None,
    ) -> None:
        """`PATCH /projects/{p}/pinned-lists/{l}/items/order`: the pins of a list, first to last.

        Args:
            project: its uuid.
            pinned_list: `pinnedListUuid` of the project, which its first pin makes.
            pins: kind and uuid of each.
            places: the number of each, ascending; 0, 1, 2 ... if not given.
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
        without the number: `Lightdash.validation` (api-facts 11).
        """
        path = f"/api/v1/projects/{checked(project)}/validate"
        return told(replies.StartedJob, self._post(path, {}), "POST", path).jobId


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
    """Return the full body of a scheduler: a partial one is a 500, or loses what it leaves out.

    What is not set is left out: newer servers refuse null for it.
    """
    required = taken(content, _SCHEDULER, method, path)
    said = without(content, _NOT_SENT) | required
    return {name: value for name, value in said.items() if value is not None}


def _item(project: str, item: str) -> str:
    return f"/api/v1/projects/{checked(project)}/dataCatalog/{checked(item)}"
