"""Who may do what, and who did: users, sessions, tokens, second factors, the audit log."""
