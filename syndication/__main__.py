"""``python -m syndication`` is the command ``syndication``."""

import gc

# Imported modules are never garbage. Collecting during the imports, and scanning them in every later collection, is a
# quarter of the cost of starting and exiting.
gc.disable()

from syndication.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
