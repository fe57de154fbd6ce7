"""Promotion by Lightdash's own endpoints."""

from __future__ import annotations
