"""Access control: users, sessions, tokens, second factors and the audit log."""
