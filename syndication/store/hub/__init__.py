"""Subscriptions to feeds by push, what is sent to them, and what other people's hubs answered."""
