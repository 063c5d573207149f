"""The state that workers and web processes share: change queue, sections, leases, documents, versions."""
