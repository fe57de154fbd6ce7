"""Commits snapshots to git, with one commit for each author; each commit has a complete snapshot."""
