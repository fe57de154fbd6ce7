"""Tests of the model: laws that hold for all content."""
