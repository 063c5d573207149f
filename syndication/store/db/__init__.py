"""The database itself: connections, transactions, errors, time, column types, being woken."""
