"""Tests of git: real repositories, and everything in them that could run a program or get in the way."""
