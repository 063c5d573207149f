"""Purges a changed feed from CDN caches, once every running web process serves the new version.

``requests``  builds a section's requests from the templates in the configuration.
``http``      sends one request within a time limit.
``purger``    the thread that decides when to send which requests.

It never delays publishing, which only adds a row to the queue, in its own transaction.
"""
