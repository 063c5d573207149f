"""Tells people by e-mail, chat or webhook what is wrong, and when it is over.

findings of the verdict ─▶ observe ─▶ incidents ─▶ plan ─▶ messages ─▶ send
                           began, over              for each channel    with retries
"""
