"""What a browser calls itself, in words that a person recognizes. Pure."""

import re

BROWSERS = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bVersion/.*\bSafari/"),
)
"""In this order: each of the first names itself after Chrome or Safari too."""

SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows NT\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


def describe_browser(user_agent: str) -> str | None:
    """Returns a description like "Firefox on Windows" of a User-Agent header; None if it names no known browser.

    The header is anybody's text: nothing of it is returned.
    """
    known = user_agent[:500]
    browser = next((name for name, pattern in BROWSERS if re.search(pattern, known)), None)
    system = next((name for name, pattern in SYSTEMS if re.search(pattern, known)), None)
    return f"{browser} on {system}" if browser and system else browser
