"""Facts become verdicts: why an article is or is not in a feed, whether all is well."""
