"""Tests of the embedded Lightdash."""
