"""Tests of looking back, in repositories that backups of a served Lightdash have made."""
