"""The dashboard at ``/editors``: pages for people, filled with what the API answers."""
