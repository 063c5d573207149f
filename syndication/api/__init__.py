"""The HTTP API, ``/api/v1``: one file a subject, each operation with the one scope that it needs.

operations  how an operation is declared: rule, scope, answers
schemas     what goes in and comes out
"""
