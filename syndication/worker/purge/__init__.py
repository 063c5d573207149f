"""Tells caches in front that a feed changed, once every web process that is alive serves the new version.

``requests``  makes the requests of a section out of the templates in the configuration.
``http``      sends one, with a limit to its time.
``purger``    the thread that decides what is sent when.

It never delays a publication: that only adds a row, in its own transaction.
"""
