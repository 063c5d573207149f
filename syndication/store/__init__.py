"""The only room that knows SQLAlchemy: the tables, the triggers that notice changes, and the queries by subject.

It takes and returns the frozen values of ``model.values``; rows never leave it. It decides nothing about feeds.
"""

from sqlalchemy import Connection as Connection
