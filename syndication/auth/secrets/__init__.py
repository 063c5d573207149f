"""What people know or hold: passwords and one-time codes. Pure, so that the store may use it too."""
