"""A condition for rows with one of many ids, in the form that each database takes fastest."""

from typing import Any

from sqlalchemy import ColumnElement, Text, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY


def is_any_of(dialect: str, column: Any, name: str = "ids") -> ColumnElement[bool]:
    """Returns whether a column has one of the ids in the parameter with this name, which is a list.

    PostgreSQL gets it as one array: nothing is prepared there, so a parameter for each id would be read, by the driver
    and by the server, in each statement. SQLite has no arrays.
    """
    if dialect == "postgresql":
        found: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(Text)))
        return found
    some: ColumnElement[bool] = column.in_(bindparam(name, expanding=True))
    return some
