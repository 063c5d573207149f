"""Purges a changed feed from CDN caches, once every running web process serves the new version.

``requests``  builds a section's requests from the templates in the configuration.
``queue``     decides when to send which requests; ``outbound/engine.py`` sends them.

It never delays publishing, which only adds a row to the queue, in its own transaction.
"""
