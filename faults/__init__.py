"""Breaks the service on purpose and looks for losses: ``python -m faults --help``.

    stage/      a real database, workers and web processes, each of which can be killed, frozen or cut off
    writing/    a newsroom that publishes meanwhile, and keeps a journal of what it knows
    reading/    pollers that keep every document that they see
    injected/   the faults
    checker/    what should have been served, worked out without a line of the service's code

All of it happens on loopback and in temporary folders; nothing is left running.
"""
