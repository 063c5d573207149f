"""Files of articles go into the store: JSON Lines, and the feeds that a newsroom had before.

JSON Lines are streamed: memory does not grow with their length. A feed file is read as a whole, in a child process
under limits. What cannot be stored is reported with its place and reason, and the rest goes on.
"""
