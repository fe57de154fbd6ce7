"""What lightdash-sync promises, one promise a test."""
