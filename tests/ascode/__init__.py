"""Tests of the official tool's tree of documents."""
