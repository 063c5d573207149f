"""The system under test: real databases and real processes, on loopback and in a temporary folder."""
