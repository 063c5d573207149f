"""Every Prometheus metric: what web processes count, what a watcher has in memory, what workers count.

``of_web`` is imported by web processes alone, ``front`` and ``editors_process`` by fronts alone and ``of_worker`` by
workers alone, as whatever is imported is told.
Counters are added to beside the work, never by it: no poll and no statement waits for one.
"""
