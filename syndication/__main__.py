"""``python -m syndication`` is the command ``syndication``."""

from syndication.process.imports import imports

with imports():
    from syndication.cli import main

if __name__ == "__main__":
    main()
