"""Tests of applying plans."""
