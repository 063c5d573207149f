"""The worker process: its loop, its schedule, what it deletes, and the caches that it tells."""
