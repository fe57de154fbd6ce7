"""Tests against a server that nobody knows yet."""
