"""``python -m syndication`` is the command ``syndication``."""

import gc

# What is imported stays: to look for garbage in it meanwhile takes a tenth of the time in which a command starts.
gc.disable()

from syndication.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
