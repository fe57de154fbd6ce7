"""Virtual views: the explores that somebody wrote in SQL, and charts use like those of dbt.

The server protects them badly (seen on 0.2904.5; the code of 0.1372.1 is the same): creating looks for the
name in snake case and stores it as it was sent, over whatever has it; changing replaces any explore of the
name, those of dbt included; changing and deleting answer 200 where there is none. So whoever calls these
methods has looked first what has the name. Source: recordings 202 to 206 of 0.2904.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lightdash_sync.client.sending import Sender, checked, taken
from lightdash_sync.errors import SyncError

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject


class VirtualViewWrites(Sender):
    """Writes virtual views; all of it needs the developer role."""

    def create_virtual_view(self, project: str, view: JsonObject) -> None:
        """`POST /projects/{p}/sqlRunner/virtual-view`: the label is one that the server makes of the name.

        Args:
            project: its uuid.
            view: `name`, `sql`, `columns`, and `parameterValues` where the server knows them.

        Raises:
            ApiError: 409 if an explore has the name, in snake case.
        """
        path = f"/api/v1/projects/{checked(project)}/sqlRunner/virtual-view"
        self._post(path, self._body(view, "POST", path))

    def update_virtual_view(self, project: str, view: JsonObject) -> None:
        """`PUT /projects/{p}/sqlRunner/virtual-view/{name}`: label, SQL and columns, always all of them.

        Args:
            project: its uuid.
            view: like that of `create_virtual_view`, with `label`.
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
    """Return the name of a virtual view as one segment of a path; dots alone would lead out of it."""
    name = str(view.get("name"))
    if name in ("", ".", ".."):
        raise SyncError(f"{name!r} is no name of a virtual view, so nothing was sent")
    return quote(name, safe="")
