"""`python -m lightdash_sync`."""

from lightdash_sync.cli import main

if __name__ == "__main__":
    main()
