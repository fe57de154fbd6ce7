"""Tests of what people and machines get to see of a promotion."""
