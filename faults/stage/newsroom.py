"""The newsroom under test: small feeds, so that every rule of their content applies within seconds."""

from pathlib import Path

SECTIONS = ("china", "sports", "taiwan")
FEEDS = ("all", *SECTIONS)
FORMATS = ("atom", "json", "rss")
PATHS = tuple(f"/feeds/{slug}.{format}" for slug in FEEDS for format in FORMATS)

ENTRIES, HOURS, MOST = 6, 1, 12
"""The newest six, plus everything from the last hour (max 12)."""

AUTHORITY = "tag:daily.example,2026-01-01:article/"
"""The prefix of an entry's ID; the article's ID follows."""

SETTINGS = f"""
[site]
title = "The Daily Example"
authority = "daily.example"
authority_date = "2026-01-01"
base_url = "http://127.0.0.1:8000"
home_url = "https://www.daily.example"
[feeds]
entries = {ENTRIES}
hours = {HOURS}
max_entries = {MOST}
[cache.news]
browser = 300
cdn = 60
stale_while_revalidate = 60
stale_if_error = 86400
[worker]
lease = 1
"""


def write_configuration(folder: Path) -> None:
    """Writes the two configuration files, where programs started in ``folder`` find them."""
    (folder / "config").mkdir()
    (folder / "config/syndication.toml").write_text(SETTINGS)
    found = "".join(f'[[section]]\nslug = "{slug}"\ntitle = "{slug.title()}"\n' for slug in SECTIONS)
    (folder / "config/sections.toml").write_text(f"[all]\n{found}")
