"""Copies the whole database into another, empty one, usually of the other kind.

    open       a snapshot of the source, one transaction on the target   (nothing stops, nothing is visible yet)
    examine    every row of the source: can the target hold it?          (all problems are listed, nothing is copied)
    copy       table by table, each after those that it refers to        (without triggers: rows are copied unchanged)
    compare    every row of the target, read back                        (number and digest of each table)

Then the target is committed, so a copy that is killed leaves it unchanged.
"""

from syndication.store.copy.copy import CopiedTable as CopiedTable
from syndication.store.copy.copy import CopyResult as CopyResult
from syndication.store.copy.copy import copy_database as copy_database
