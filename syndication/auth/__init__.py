"""Who is asking: passwords, second factors, log-in, bearer tokens, and a limit for those who guess."""
