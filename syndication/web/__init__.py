"""The web process around the hot path: it reads requests, admits them, and passes those of editors on.

Two processes share one port. The front holds the port, answers polls from memory and never waits for a database; the
editors process runs API and dashboard with an interpreter of its own, and the front asks it over a Unix socket. What
editors' requests cost is not felt by polls, and a death of the editors process is no death of feeds.

Rules: the front parses no body and imports neither API nor dashboard.
"""
