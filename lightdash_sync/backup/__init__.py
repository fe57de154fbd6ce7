"""From a snapshot to git: who changed what, as commits that each hold a whole snapshot."""
