"""The client for Lightdash: one way to send a request, and the endpoints on top of it."""
