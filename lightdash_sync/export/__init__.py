"""From a live project to a snapshot: what there is, what each item says, and whether that is all."""
