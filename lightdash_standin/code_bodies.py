"""Validation of the bodies of content as code, with the server's texts for what is not accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lightdash_standin.bodies import Errors, Rule, anything, errors_in, flag, listing, number, text
from lightdash_standin.refusals import invalid

_COMMON: dict[str, Rule] = {
    "skipSpaceCreate": flag, "publicSpaceCreate": flag, "force": flag, "spaceNames": anything,
}  # fmt: skip


def _check(
    at: str, first: dict[str, Rule], last: str, *, tabs_by_slug: bool = False
) -> Callable[[Any], None]:
    """Return a check for a body whose type is an intersection of two types, each with its own errors.

    Args:
        at: name of the body in errors.
        first: the required fields of the first type.
        last: the required field of the second one.
        tabs_by_slug: whether tabs need neither a uuid nor `hidden`.
    """

    def check(body: Any) -> None:
        groups: list[Errors] = [errors_in(body, first, _COMMON, at), errors_in(body, {last: anything}, at=at)]
        issues = [errors for errors in groups if errors]
        if isinstance(body, dict):
            for position, tab in enumerate(body["tabs"] if isinstance(body.get("tabs"), list) else []):
                rules: dict[str, Rule] = {"order": number, "name": text}
                more: dict[str, Rule] = {"hidden": flag, "uuid": text}
                rules, more = (rules, more) if tabs_by_slug else (rules | more, {})
                if wrong := errors_in(tab, rules, more, at=f"{at}.tabs.${position}"):
                    issues.append(wrong)
        if issues:
            raise invalid({at: {"message": intersection(issues), "value": body}})

    return check


def intersection(issues: list[Errors]) -> str:
    """The text for a value that does not match all of several types."""
    listed = json.dumps(issues, separators=(",", ":"), ensure_ascii=False)
    return f"Could not match the intersection against every type. Issues: {listed}"


def _object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "invalid object"


def _slug(value: Any) -> str | None:
    if isinstance(value, str) and not _SLUG.fullmatch(value):
        return f"Not match in '^{_SLUG.pattern}$'"
    return text(value)


_SLUG = re.compile("[a-z0-9-]+")
_PLACE: dict[str, Rule] = {"version": number, "spaceSlug": text}
_CHART: dict[str, Rule] = {"tableName": text, "metricQuery": _object}
_SQL: dict[str, Rule] = {"sql": text, "limit": number, "chartKind": text}
# By kind: the check of old versions and that of current ones, which have another order.
CHECKS = {
    "chart": (
        _check(
            "chart", {"name": text, "version": number, "slug": text, **_CHART, "spaceSlug": text},
            "chartConfig",
        ),
        _check("chart", {"name": text, **_CHART, "slug": _slug, **_PLACE}, "chartConfig"),
    ),
    "dashboard": (
        _check(
            "dashboard",
            {"name": text, "version": number, "slug": text, "tabs": listing, "spaceSlug": text},
            "tiles",
        ),
        _check(
            "dashboard", {"name": text, "slug": _slug, "tabs": listing, **_PLACE}, "tiles", tabs_by_slug=True
        ),
    ),
    "sqlChart": (
        _check(
            "sqlChart", {"name": text, "version": number, "slug": text, **_SQL, "spaceSlug": text}, "config"
        ),
        _check(
            "sqlChart",
            {"name": text, "slug": _slug, "limit": number, "sql": text, "chartKind": text, **_PLACE},
            "config",
        ),
    ),
}  # fmt: skip
