"""The state of the processes: heartbeats, poll counts, and the purge queue."""
