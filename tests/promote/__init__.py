"""Promotion: what a review says is what a run does."""
