"""A directory of content files: written whole or not at all, read as if an enemy had made it."""
