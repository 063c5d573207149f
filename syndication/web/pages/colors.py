"""The newsroom's colour on the pages: made darker or lighter until it can be read (WCAG 2.2, success criterion 1.4.3).

A colour is ``#rgb`` or ``#rrggbb``; luminance and contrast are those of WCAG.
"""

DEFAULT = "#9c2f12"

LIGHT_PAPER, DARK_PAPER = "#f3f0e9", "#262320"
"""The darkest background of the light pages, and the lightest of the dark ones, under text in the accent colour."""

LEAST_CONTRAST = 4.6
"""A little more than the 4.5 that WCAG asks for, for rounding."""

STEPS = 100

Rgb = tuple[int, int, int]


def accent_css(color: str) -> str:
    """Returns the style sheet with the accent of the light and of the dark pages."""
    light, dark = accents(color)
    return (
        f":root {{ --accent: {light}; --on-accent: #ffffff; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; --on-accent: #14110f; }} }}\n"
    )


def accents(color: str) -> tuple[str, str]:
    """Returns the accent on light and on dark paper: the colour, mixed with black or white as far as contrast asks."""
    rgb = _rgb(color or DEFAULT)
    return _readable(rgb, (0, 0, 0), _rgb(LIGHT_PAPER)), _readable(rgb, (255, 255, 255), _rgb(DARK_PAPER))


def contrast(one: str, other: str) -> float:
    """Returns the contrast ratio of two colours, from 1 to 21."""
    return _contrast(_rgb(one), _rgb(other))


def _readable(rgb: Rgb, towards: Rgb, paper: Rgb) -> str:
    for step in range(STEPS + 1):
        part = step / STEPS
        mixed = tuple(round(a + (b - a) * part) for a, b in zip(rgb, towards, strict=True))
        if _contrast((mixed[0], mixed[1], mixed[2]), paper) >= LEAST_CONTRAST:
            break
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _rgb(color: str) -> Rgb:
    digits = color.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _contrast(one: Rgb, other: Rgb) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(rgb: Rgb) -> float:
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
