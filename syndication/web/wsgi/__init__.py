"""The whole service as one WSGI app for other servers, with its own admission control."""
