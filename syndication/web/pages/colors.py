"""The newsroom's colour on the pages: made darker or lighter until it can be read (WCAG 2.2, success criterion 1.4.3).

A colour is ``#rgb`` or ``#rrggbb``; luminance and contrast are those of WCAG. Hue and saturation stay (HLS).
"""

from colorsys import hls_to_rgb, rgb_to_hls

DEFAULT = "#9c2f12"

LIGHT_PAPER, DARK_PAPER = "#f3f0e9", "#262320"
"""The darkest background of the light pages, and the lightest of the dark ones, under text in the accent colour."""

LEAST_LIGHT, LEAST_DARK = 4.6, 6.0
"""WCAG asks for 4.5. On dark paper, the least that is allowed looks dull."""

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
    """Returns the accent on light and on dark paper: the colour, darker or lighter as far as contrast asks."""
    rgb = _rgb(color or DEFAULT)
    return _readable(rgb, 0, _rgb(LIGHT_PAPER), LEAST_LIGHT), _readable(rgb, 1, _rgb(DARK_PAPER), LEAST_DARK)


def contrast(one: str, other: str) -> float:
    """Returns the contrast ratio of two colours, from 1 to 21."""
    return _contrast(_rgb(one), _rgb(other))


def _readable(rgb: Rgb, end: int, paper: Rgb, least: float) -> str:
    """Moves the lightness towards ``end`` (0: black, 1: white) until the contrast is enough; at the end it is."""
    hue, lightness, saturation = rgb_to_hls(*(part / 255 for part in rgb))
    for step in range(STEPS + 1):
        found = hls_to_rgb(hue, lightness + (end - lightness) * step / STEPS, saturation)
        red, green, blue = (round(part * 255) for part in found)
        if _contrast((red, green, blue), paper) >= least:
            break
    return f"#{red:02x}{green:02x}{blue:02x}"


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
