"""Tests of backups to git, with a real git and a served Lightdash."""
