"""All tables, in files by what they are about; ``every_table`` has them together."""
