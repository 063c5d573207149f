"""Reads a newsroom's own tables by two SELECTs of the operator.

``reader``      a look: fingerprint, window, pages and whole stories.
``statements``  the SELECTs around those of the operator, for each database; pure.
``columns``     a row with our fields' names as an article; pure.
``plan``        whether a statement reads a whole table.
"""
