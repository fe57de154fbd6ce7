"""What the endpoints that write content as code accept, and how they say what they do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lightdash_sync.demo.bodies import Errors, Rule, anything, errors_in, flag, listing, number, text
from lightdash_sync.demo.refusals import invalid

_COMMON: dict[str, Rule] = {
    "skipSpaceCreate": flag, "publicSpaceCreate": flag, "force": flag, "spaceNames": anything,
}  # fmt: skip


def _check(at: str, first: dict[str, Rule], last: str) -> Callable[[Any], None]:
    """A check for a body that is an intersection of two types: each says what it misses."""

    def check(body: Any) -> None:
        groups: list[Errors] = [errors_in(body, first, _COMMON, at), errors_in(body, {last: anything}, at=at)]
        issues = [errors for errors in groups if errors]
        if isinstance(body, dict):
            for position, tab in enumerate(body["tabs"] if isinstance(body.get("tabs"), list) else []):
                rules: dict[str, Rule] = {"hidden": flag, "order": number, "name": text, "uuid": text}
                if wrong := errors_in(tab, rules, at=f"{at}.tabs.${position}"):
                    issues.append(wrong)
        if issues:
            raise invalid({at: {"message": intersection(issues), "value": body}})

    return check


def intersection(issues: list[Errors]) -> str:
    """The text for a value that does not fit every one of several types."""
    listed = json.dumps(issues, separators=(",", ":"), ensure_ascii=False)
    return f"Could not match the intersection against every type. Issues: {listed}"


def _object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "invalid object"


check_chart = _check(
    "chart",
    {
        "name": text,
        "version": number,
        "slug": text,
        "tableName": text,
        "metricQuery": _object,
        "spaceSlug": text,
    },
    "chartConfig",
)
check_dashboard = _check(
    "dashboard", {"name": text, "version": number, "slug": text, "tabs": listing, "spaceSlug": text}, "tiles"
)
check_sql_chart = _check(
    "sqlChart",
    {"name": text, "version": number, "slug": text, "sql": text, "limit": number, "chartKind": text,
     "spaceSlug": text},
    "config",
)  # fmt: skip
