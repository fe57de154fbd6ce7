"""Promotion by Lightdash's own endpoints."""
