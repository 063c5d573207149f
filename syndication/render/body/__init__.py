"""A body as its readers get it: what a browser shows without scripts stays, what it hides is gone.

One pass over the parsed tree writes HTML for the sanitizer, which has the last word on safety. ``elements`` is the
table of what becomes of each element.
"""
