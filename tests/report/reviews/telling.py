"""Short ways to tell a review in each format."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from lightdash_sync.report.reviews import review_html, review_json, review_markdown, review_text
from lightdash_sync.report.terminal import console
from tests.report.reviews.reviewed import DIGEST

if TYPE_CHECKING:
    from typing import Any

    from lightdash_sync.promote.values import Review


def told_text(review: Review, *, every: bool = False) -> str:
    """The review as a file or pipe gets it."""
    out = io.StringIO()
    review_text(review, console(out), digest=DIGEST, every=every)
    return out.getvalue()


def told_json(review: Review) -> Any:
    """The review as a program reads it."""
    return json.loads(json.dumps(review_json(review, digest=DIGEST)))


def told_markdown(review: Review) -> str:
    """The review as a comment."""
    return review_markdown(review, digest=DIGEST)


def told_html(review: Review) -> str:
    """The review as a document."""
    return review_html(review, digest=DIGEST)
