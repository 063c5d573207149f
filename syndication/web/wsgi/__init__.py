"""The whole service as one WSGI app for servers other than ours, with its own admission."""
