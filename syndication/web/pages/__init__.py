"""Pages for people and lists of feeds, from the memory of the web process: no page asks the database.

Each answer is rendered when it is first asked for after a change, compressed once, and has an ETag.
"""
