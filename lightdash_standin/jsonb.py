"""JSON as the real server returns it: parsed by JavaScript, stored by PostgreSQL.

JavaScript has one type of numbers, so a large integer loses digits and `2.0` becomes `2`; a `jsonb` column
orders the keys of an object by length, then by bytes.
"""

from __future__ import annotations

from typing import Any

import orjson

MAX_SAFE = 2**53
LARGEST_INTEGER = 2**63  # the largest that is printed as an integer; beyond it, the same number as a float


class NotJson(ValueError):
    """The text is not JSON that the server would parse."""


def _number(value: int | float) -> int | float:
    if isinstance(value, int) and abs(value) <= MAX_SAFE:
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < LARGEST_INTEGER else number


def javascript(value: Any) -> Any:
    """The value with numbers as JavaScript represents them.

    Raises:
        NotJson: a string has a NUL, which PostgreSQL does not store.
    """
    if isinstance(value, dict):
        return {key: javascript(item) for key, item in value.items()}
    if isinstance(value, list):
        return [javascript(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    if isinstance(value, str) and "\0" in value:
        raise NotJson("NUL")
    return value


def truthy(value: Any) -> bool:
    """Whether JavaScript takes the value for true: empty lists and objects are, unlike in Python."""
    return isinstance(value, dict | list) or bool(value)


def parse(text: bytes) -> Any:
    """Parse a request body.

    Raises:
        NotJson: it is not JSON, or neither an object nor a list (the server's parser is strict).
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotJson(str(error)) from None
    if not isinstance(value, dict | list):
        raise NotJson("neither an object nor a list")
    return javascript(value)


def _key_order(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded


def jsonb(value: Any) -> Any:
    """A deep copy of the value with its keys in the order that a `jsonb` column gives them back."""
    if isinstance(value, dict):
        return {key: jsonb(value[key]) for key in sorted(value, key=_key_order)}
    if isinstance(value, list):
        return [jsonb(item) for item in value]
    return value
