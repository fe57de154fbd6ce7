"""Plan to writes: the operations of a plan done, journalled, and looked for where answers get lost."""

from __future__ import annotations
