"""Promotion by Lightdash's own endpoints: reviewed before, gated, run, and proved afterwards."""
