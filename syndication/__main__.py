"""``python -m syndication`` is the command ``syndication``."""

import gc

# What is imported stays. To look for garbage in it meanwhile, and at every later look the last one included, is a
# quarter of the work of a start and an end.
gc.disable()

from syndication.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
