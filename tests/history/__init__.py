"""Tests of looking back, in repositories that backups of a served Lightdash have made."""

from __future__ import annotations
