"""Every Prometheus metric: counters of web processes and workers, and gauges from the memory of the document loader.

Every imported metric is exported, so only web processes import ``web``, only fronts ``front`` and ``editors_process``,
and only workers ``worker``. No poll and no SQL statement waits for a counter.
"""
