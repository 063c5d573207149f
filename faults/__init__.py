"""Fault injection: breaks the service on purpose and checks for losses. See ``python -m faults --help``.

    stage/      a real database, workers and web processes that can be killed, frozen or cut off
    writing/    a newsroom that publishes during the faults and keeps a journal
    reading/    pollers that record every document they see
    injected/   the faults
    checker/    the expected feeds, computed without any code of the service

Everything runs on loopback and in temporary folders; nothing is left running.
"""
