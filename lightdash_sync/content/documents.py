"""Documents are taken whole or not at all: what pydantic found wrong, in one line without the input.

What is stored stays raw JSON; pydantic only looks at it, or makes the values that the code works with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def first_problem(error: ValidationError) -> str:
    """Return where the first problem is, and what it is; the input, which may be a secret, is left out."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


def conform(form: TypeAdapter[T], document: object) -> T:
    """Return a document as the values that its form says.

    Args:
        form: of the whole document.
        document: parsed.

    Raises:
        ValueError: the document is not of the form; the message says in which place.
    """
    try:
        return form.validate_python(document)
    except ValidationError as error:
        raise ValueError(first_problem(error)) from None
