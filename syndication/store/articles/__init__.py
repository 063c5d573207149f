"""The newsroom's rows: written, read for feeds, searched, explained."""
