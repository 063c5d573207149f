"""What the faults happen to: real databases and real processes, on loopback and in a temporary folder."""
