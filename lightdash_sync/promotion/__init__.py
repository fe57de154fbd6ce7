"""Promotion by Lightdash's own endpoints: reviewed before, run, and checked afterwards."""
