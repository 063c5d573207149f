"""A newsroom that goes on writing during every fault, and records what it has done."""
