"""Reads the past: the history of an item or a snapshot, and its content at an earlier time."""
