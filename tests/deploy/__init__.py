"""What stands in ``deploy/`` is installed as it stands there, and does what it promises."""
