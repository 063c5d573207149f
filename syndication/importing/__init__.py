"""Files of articles go into the store: JSON Lines, and the feeds that a newsroom had before.

Files are streamed: memory does not grow with their length. What cannot be stored is reported with its place and
reason, and the rest goes on.
"""

from syndication.importing.files import import_file as import_file
from syndication.importing.report import Report as Report
