"""The whole database into another, empty one: of the other kind above all, and back.

    open       a snapshot of the source, one transaction on the target   (nobody is stopped, nothing is seen yet)
    examine    every row of the source: can the target hold it?          (all that cannot is named, and nothing copied)
    copy       table by table, each after those that it refers to        (without triggers: rows come as they are)
    compare    every row of the target, read anew                        (number and digest of each table)

Then the target is committed, so that a copy that was killed leaves it as it was.
"""

from syndication.store.copy.copy import CopiedTable as CopiedTable
from syndication.store.copy.copy import CopyResult as CopyResult
from syndication.store.copy.copy import copy_database as copy_database
