"""Verification, given and taken off, when all else of an item is written: any edit takes it off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.plan.verification import is_verified

if TYPE_CHECKING:
    from lightdash_sync.apply.target import Target, Task


def verify(target: Target, task: Task) -> None:
    """Verify an item in the name of the token's owner, or take its verification off."""
    step, writer = task.step, target.writer
    uuid = target.uuid(step.kind, step.key)
    write = writer.verify if is_verified(step.after) else writer.unverify
    target.again(partial(write, step.kind, uuid))
