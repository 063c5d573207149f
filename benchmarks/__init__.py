"""Benchmarks of the service and its peers: ``python -m benchmarks --help``.

Every figure comes from one run on one machine, so compare only ratios within a run. Figures in the same table are
measured in turns, so that noise affects all of them alike. Everything runs on loopback and in temporary folders;
nothing is left running.
"""
