"""``python -m syndication`` is the command ``syndication``."""

from syndication.cli import main

main()
