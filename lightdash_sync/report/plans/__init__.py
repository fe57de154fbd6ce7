"""Plans, what came of them, runs and links, for people and machines.

Everything in them may come from anybody who can edit content, and is made harmless on its way out.
"""

from lightdash_sync.report.plans.against import last_saved
from lightdash_sync.report.plans.done import applied_json, applied_text
from lightdash_sync.report.plans.known import links_json, links_text
from lightdash_sync.report.plans.machine import plan_json, saved_json
from lightdash_sync.report.plans.markdown import plan_markdown
from lightdash_sync.report.plans.page import plan_html
from lightdash_sync.report.plans.past import runs_json, runs_text
from lightdash_sync.report.plans.plain import plan_text

__all__ = [
    "applied_json",
    "applied_text",
    "last_saved",
    "links_json",
    "links_text",
    "plan_html",
    "plan_json",
    "plan_markdown",
    "plan_text",
    "runs_json",
    "runs_text",
    "saved_json",
]
