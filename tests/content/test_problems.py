"""What is wrong is said in one line, without the input."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from lightdash_sync.content.documents import first_problem


class _Inner(BaseModel):
    port: int


class _Outer(BaseModel):
    inner: list[_Inner]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"inner": [{"port": "secret"}]}, "inner.0.port: Input should be a valid integer"),
        ({}, "inner: Field required"),
        ("secret", "Input should be a valid dictionary"),
    ],
)
def test_a_problem_is_said_without_the_input(value: object, said: str) -> None:
    """The line says where and what, and never repeats a value, which may be a secret."""
    with pytest.raises(ValidationError) as found:
        _Outer.model_validate(value)
    line = first_problem(found.value)
    assert line.startswith(said)
    assert "secret" not in line
