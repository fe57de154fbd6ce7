"""Looking back: what happened to an item or a snapshot, and what it was."""
