"""The worker process: its loop, its schedule, retention, and cache purging."""
