"""The scopes of tokens and users."""

SCOPES = ("read", "preview", "write", "regenerate", "feeds", "admin")
"""What a token or a user may do: read; see drafts and embargoed articles; write articles; regenerate feeds; create,
change, rename and retire feeds; manage tokens and users."""
