"""The dashboard at ``/editors``: HTML pages on top of the API's operations."""
