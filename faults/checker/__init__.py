"""What should have been served, and whether it was: pure functions of what was written and what was seen.

It imports nothing of the service, so that it cannot share its mistakes. A loss is a sentence.
"""
