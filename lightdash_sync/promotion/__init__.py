"""Promotion by Lightdash's own endpoints or by replay: review, approval, run and check of the result."""
