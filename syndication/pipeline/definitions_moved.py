"""What a worker is told that does not know editors' feeds as they are now."""


class DefinitionsMoved(Exception):  # noqa: N818  # no error: the worker has to look first
    """Editors' feeds have changed since this worker read them."""
