"""Tests of the snapshot: written whole or not at all, read as if an enemy had made it."""
