"""Settings: loads them from files and environment variables, and validates them."""
