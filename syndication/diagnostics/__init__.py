"""From facts to verdicts: why an article is or is not in a feed, and whether the service is healthy."""
