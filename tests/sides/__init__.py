"""Tests of what a user names as one side of a comparison."""
