"""Compares the expected feeds with the served ones: pure functions of the written and the observed.

It imports nothing from the service, so it cannot share its mistakes. A loss is a sentence.
"""
