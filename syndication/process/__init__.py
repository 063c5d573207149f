"""Child processes that run under limits and exit with their parent, whatever their work; and the supervisor."""
