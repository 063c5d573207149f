"""What the processes say of themselves: heartbeats, polls counted, caches to be told."""
