"""The recipes for backups and promotions: what they say is true, and what they run does its work."""
