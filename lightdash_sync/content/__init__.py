"""What a project is made of: kinds, keys, canonical JSON, and the way from server to file and back. Pure."""
