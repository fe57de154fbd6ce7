"""What differs, for people and machines: one value, `Section`, and four ways to show it.

Everything in it may come from anybody who can edit content, and is made harmless on its way out.
"""

from lightdash_sync.report.diffs.document import diff_html
from lightdash_sync.report.diffs.machine import diff_json
from lightdash_sync.report.diffs.markdown import MAX_CHARACTERS, diff_markdown
from lightdash_sync.report.diffs.plain import diff_text
from lightdash_sync.report.diffs.section import Item, Section

__all__ = ["MAX_CHARACTERS", "Item", "Section", "diff_html", "diff_json", "diff_markdown", "diff_text"]
