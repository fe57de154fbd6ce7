"""Reviews of promotions, for people who approve, for pull requests and for gates.

Everything in them may come from anybody who can edit content, and is made harmless on its way out.
"""

from lightdash_sync.report.reviews.machine import review_json
from lightdash_sync.report.reviews.markdown import review_markdown
from lightdash_sync.report.reviews.page import review_html
from lightdash_sync.report.reviews.plain import review_text

__all__ = ["review_html", "review_json", "review_markdown", "review_text"]
