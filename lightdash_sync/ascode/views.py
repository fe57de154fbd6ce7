"""Virtual views as documents: name, SQL, columns and parameters (since 0.3375.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.ascode.documents import VERSION

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject

CONTENT_TYPE = "virtual_view"
FOLDER = "virtual-views"


def view_document(view: JsonObject) -> JsonObject:
    """Return the document of a virtual view; its slug is the name of its explore.

    Args:
        view: its content.
    """
    return {
        "contentType": CONTENT_TYPE,
        "version": VERSION,
        "slug": view.get("name"),
        "name": view.get("label"),
        "sql": view.get("sql"),
        "columns": view.get("columns"),
        "parameters": view.get("parameterValues"),
    }


def taken_over_view(body: JsonObject, existing: JsonObject | None) -> JsonObject:
    """Return a virtual view as its document says it; what documents have no word for stays.

    Args:
        body: of the document.
        existing: the view that the project has, or None.
    """
    result = (existing or {}) | {"name": body["slug"], "label": body["name"], "sql": body["sql"]}
    result["columns"] = body["columns"]
    result.pop("parameterValues", None)
    if values := body.get("parameters"):
        result["parameterValues"] = values
    return result
