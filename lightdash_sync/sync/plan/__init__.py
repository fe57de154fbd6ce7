"""What has to be done so that a target has the desired content: compared, ordered, guarded, and not done."""

from __future__ import annotations
