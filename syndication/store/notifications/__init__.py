"""What is wrong and since when, and the messages about it. ``syndication.notifications`` decides."""
