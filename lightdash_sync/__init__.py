"""lightdash-sync keeps the content of Lightdash projects safe, and moves it between projects."""

__version__ = "0.1.0"
