"""The database itself: connections, transactions, errors, time, column types, notifications."""
