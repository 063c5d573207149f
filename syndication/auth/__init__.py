"""Authentication: passwords, second factors, log-in, bearer tokens, and rate limits against guessing."""
