"""Tests of exports, over real HTTP to the embedded Lightdash."""
