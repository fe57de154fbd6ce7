"""Carrying content to an environment: what is remembered of it, planning, applying, taking back."""
