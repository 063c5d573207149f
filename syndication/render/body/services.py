"""The services whose embeds newsrooms use: their names, and the page that an embed shows."""

import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

_NAMES = """
    youtube.com YouTube | youtu.be YouTube | youtube-nocookie.com YouTube | vimeo.com Vimeo | twitter.com X | x.com X |
    instagram.com Instagram | tiktok.com TikTok | facebook.com Facebook | fb.watch Facebook | dwcdn.net Datawrapper |
    datawrapper.de Datawrapper | flourish.studio Flourish | spotify.com Spotify | soundcloud.com SoundCloud |
    apple.com Apple | bsky.app Bluesky | threads.net Threads | threads.com Threads | linkedin.com LinkedIn |
    pinterest.com Pinterest | reddit.com Reddit | redditmedia.com Reddit | dailymotion.com Dailymotion |
    twitch.tv Twitch | documentcloud.org DocumentCloud | scribd.com Scribd | infogram.com Infogram | giphy.com GIPHY |
    ted.com TED | archive.org Internet Archive | github.com GitHub | t.me Telegram | bilibili.com Bilibili |
    openstreetmap.org OpenStreetMap | google.com Google | imgur.com Imgur | tumblr.com Tumblr | arcgis.com ArcGIS |
    tableau.com Tableau | everviz.com everviz | bandcamp.com Bandcamp | mixcloud.com Mixcloud | acast.com Acast |
    megaphone.fm Megaphone | streamable.com Streamable | codepen.io CodePen | asciinema.org asciinema |
    jwplayer.com JW Player | brightcove.net Brightcove | buzzsprout.com Buzzsprout"""

SERVICES = {host: name for host, _, name in (row.strip().partition(" ") for row in _NAMES.split("|"))}

_FILE = re.compile(r"[^/]+\.[A-Za-z0-9]{2,5}")


def name_of(address: str) -> str:
    """Returns the words for a link without a title: the service's name, a file's name, or the host."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    if host in ("google.com", "maps.google.com") and parts.path.startswith("/maps"):
        return "Google Maps"
    labels = host.split(".")
    for start in range(len(labels) - 1):
        if name := SERVICES.get(".".join(labels[start:])):
            return name
    file = unquote(parts.path.rpartition("/")[2])
    return file if _FILE.fullmatch(file) and not file.lower().endswith((".html", ".htm", ".php")) else host or address


def page_of(address: str) -> str:
    """Returns the page that shows what an embed's address shows in a frame, where the two differ."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    query = parse_qs(parts.query)
    if host in ("youtube.com", "youtube-nocookie.com", "m.youtube.com"):
        return _youtube(parts.path, query) or address
    if host == "facebook.com" and parts.path.startswith("/plugins/"):
        return _given(query, "href") or address
    if host == "platform.twitter.com" and (post := query.get("id")) and post[0].isdigit():
        return f"https://x.com/i/status/{post[0]}"
    if host in ("google.com", "maps.google.com") and parts.path.startswith("/maps"):
        return _map(parts.path, query) or address
    if host == "cdn.embedly.com":
        return _given(query, "url") or _given(query, "src") or address
    return address


def _youtube(path: str, query: dict[str, list[str]]) -> str | None:
    found = re.fullmatch(r"/(?:embed|v)/([\w-]+)/?", path)
    if found is None:
        return None
    start = next((value[0] for key in ("start", "t") if (value := query.get(key)) and value[0].isdigit()), "")
    if found[1] == "videoseries":
        lists = query.get("list")
        return f"https://www.youtube.com/playlist?list={lists[0]}" if lists else None
    return f"https://www.youtube.com/watch?v={found[1]}" + (f"&t={start}" if start else "")


_PLACE = re.compile(r"!2d(-?[\d.]+)!3d(-?[\d.]+)")


def _map(path: str, query: dict[str, list[str]]) -> str | None:
    """Returns the address of a map in Google's documented form: the frame's own opens in no page of its own."""
    if "/embed" not in path and "embed" not in query.get("output", []):
        return None
    words = next((query[key][0] for key in ("q", "center", "destination") if key in query), "")
    if (place := _PLACE.search(query.get("pb", [""])[0])) is not None:
        words = f"{place[2]},{place[1]}"
    return f"https://www.google.com/maps/search/?api=1&query={quote(words, safe='')}" if words else None


def _given(query: dict[str, list[str]], key: str) -> str | None:
    value = query.get(key, [""])[0]
    return value if value.startswith(("https://", "http://")) else None
