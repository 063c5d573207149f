"""A newsroom that goes on working whatever breaks, and knows what it has done."""
