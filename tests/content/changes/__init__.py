"""Tests of how two contents differ."""

from __future__ import annotations
