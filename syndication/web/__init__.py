"""The web process around the hot path: reads requests, answers polls, and admits and forwards editors' requests.

Two processes share one port. The front holds the port, answers polls from memory and never waits for the database. The
editors process runs the API and the dashboard in its own interpreter; the front forwards requests to it over a Unix
socket. Editors' requests therefore cannot slow down polls, and a crash of the editors process does not stop feeds.

Rules: the front parses no body and imports neither API nor dashboard.
"""
