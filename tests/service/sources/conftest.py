"""The real systems that sources read, each started once."""

from tests.support.wordpress import wordpress

__all__ = ["wordpress"]
