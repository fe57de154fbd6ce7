"""lightdash-sync backs up the content of Lightdash projects, and moves it between projects."""

__version__ = "0.1.0"
