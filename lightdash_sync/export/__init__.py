"""Exports a live project to a snapshot: lists, items, and the proof that nothing is missing."""
