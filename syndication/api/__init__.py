"""The HTTP API, ``/api/v1``: one file per resource; each operation requires one scope.

operations  declares operations: rule, scope, responses
schemas     shared request and response schemas
"""
