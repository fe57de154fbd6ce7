"""Lightdash over HTTP: one request function that can be trusted, and the endpoints on top of it."""
