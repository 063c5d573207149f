"""The scopes of tokens and users."""

SCOPES = ("read", "preview", "write", "regenerate", "admin")
"""What a token or a user may do: read; see drafts and embargoed articles; write articles; regenerate feeds; manage
tokens and users."""
