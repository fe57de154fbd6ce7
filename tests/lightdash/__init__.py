"""Tests of the client: over real sockets on loopback, against servers that misbehave as told."""

from __future__ import annotations
