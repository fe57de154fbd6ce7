"""Tests of the model: laws that hold for all content."""

from __future__ import annotations
