"""Text from elsewhere, made safe for a terminal.

Any editor of Lightdash can put escape codes into the name of a chart, and neither click nor rich takes
them out. Everything that comes from a server, a file or a snapshot goes through `shown` on its way out.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lightdash_sync.model.shown import shown

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["Redacted", "shown"]


class Redacted(logging.Filter):
    """Replaces secrets in log lines: a net below the rule that none is ever logged.

    Args:
        secrets: the exact texts.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message; always let it pass."""
        message = record.getMessage()
        for secret in self._secrets:
            message = message.replace(secret, "***")
        record.msg, record.args = shown(message), ()
        return True
