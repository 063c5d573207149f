"""What workers and web processes share: the queue of changes, sections, leases, documents, versions."""
