"""How two contents differ, in the words of a Lightdash user. Pure."""
