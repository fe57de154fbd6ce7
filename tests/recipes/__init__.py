"""The recipes for nightly backups: what they say is true, and what they run does its work."""
