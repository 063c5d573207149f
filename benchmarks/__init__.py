"""Measures the service beside its peers: ``python -m benchmarks --help``.

Every figure is one run's on one machine. What can be compared are the ratios within a run: what stands side by side
in a table was measured in turns, so that a noisy machine is noisy for all of it alike. All of it happens on loopback
and in temporary folders; nothing is left running.
"""
