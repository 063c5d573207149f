"""Imports files of articles into the store: JSON Lines, and a newsroom's old feeds.

JSON Lines are streamed: memory does not grow with their length. A feed file is read as a whole, in a child process
under limits. An article that cannot be stored is reported with its position and the reason; the others are imported.
"""
