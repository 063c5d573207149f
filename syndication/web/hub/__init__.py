"""The hub's endpoint, where subscribers ask for pushes: a small app of the editors process, which needs no log-in."""
