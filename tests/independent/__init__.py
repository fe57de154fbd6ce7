"""Checks that share no code with the tool: what came out of a round trip, and what went over the wire."""
