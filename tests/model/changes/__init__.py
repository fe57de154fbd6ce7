"""Tests of how two contents differ."""
