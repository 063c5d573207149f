"""What is shown from elsewhere becomes a link to it, with its title or the service's name: nothing is an empty hole."""

import pytest

from syndication.render.html import sanitize
from tests.support.bodies import PAGE, body, link, paragraph

YOUTUBE = "https://www.youtube.com/watch?v=abc"
X = "https://x.com/i/status/123"
FACEBOOK = "https://www.facebook.com/a/posts/1"
MAP = "https://www.google.com/maps/search/?api=1&amp;query="

EMBEDS = [
    # Frames.
    ('<iframe src="https://www.youtube.com/embed/abc" title="Rescue"></iframe>', paragraph(YOUTUBE, "Rescue")),
    ('<iframe src="https://www.youtube.com/embed/abc"></iframe>', paragraph(YOUTUBE, "YouTube")),
    (
        '<iframe src="//www.youtube-nocookie.com/embed/abc?start=30"></iframe>',
        paragraph(f"{YOUTUBE}&amp;t=30", "YouTube"),
    ),
    (
        '<iframe src="https://www.youtube.com/embed/videoseries?list=PL1"></iframe>',
        paragraph("https://www.youtube.com/playlist?list=PL1", "YouTube"),
    ),
    (
        '<iframe src="about:blank" data-src="https://e.example/c"></iframe>',
        paragraph("https://e.example/c", "e.example"),
    ),
    (
        '<iframe src="https://player.vimeo.com/video/1?h=2"></iframe>',
        paragraph("https://player.vimeo.com/video/1?h=2", "Vimeo"),
    ),
    (
        '<iframe title="Rain" src="https://datawrapper.dwcdn.net/abcde/1/"></iframe>',
        paragraph("https://datawrapper.dwcdn.net/abcde/1/", "Rain"),
    ),
    (
        '<iframe src="https://flo.uri.sh/visualisation/1/embed" aria-label="Votes"></iframe>',
        paragraph("https://flo.uri.sh/visualisation/1/embed", "Votes"),
    ),
    (
        '<iframe src="https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fposts%2F1"></iframe>',
        paragraph(FACEBOOK, "Facebook"),
    ),
    ('<iframe src="https://platform.twitter.com/embed/Tweet.html?id=123"></iframe>', paragraph(X, "X")),
    ('<iframe srcdoc="<p>Hello <b>there</b><p hidden>no</p>"></iframe>', "<div><p>Hello <b>there</b></p></div>"),
    ('<p>See <iframe src="/x" title="T"></iframe>now.</p>', f"<p>See {link('https://h.example/x', 'T')} now.</p>"),
    ('<iframe src="javascript:alert(1)"></iframe>x', "x"),
    ('<iframe src="https://www.googletagmanager.com/ns.html" height="0" width="0"></iframe>x', "x"),
    # Objects, with nested fallbacks.
    ('<object data="/a.mp3"><a href="/a.mp3">Hear it</a></object>', link("https://h.example/a.mp3", "Hear it")),
    (
        '<object data="a.pdf"><p>The report</p></object>',
        "<p>The report</p>" + paragraph("https://h.example/news/a.pdf", "a.pdf"),
    ),
    (
        '<object data="/a.pdf"><object data="/b.pdf">x</object></object>',
        "x" + paragraph("https://h.example/b.pdf", "b.pdf") + paragraph("https://h.example/a.pdf", "a.pdf"),
    ),
    (
        '<object><param name="movie" value="x"><embed src="https://www.youtube.com/v/abc"></object>',
        paragraph(YOUTUBE, "YouTube"),
    ),
    ('<object data="x.swf"><p>Fallback</p></object>', "<p>Fallback</p>"),
    ('<object data="/map.png" type="image/png">A map</object>', '<img src="https://h.example/map.png" alt="A map">'),
    ('<embed src="/b.mp4">', paragraph("https://h.example/b.mp4", "b.mp4")),
    # What editors and scripts leave.
    (
        f'<figure class="media"><oembed url="{YOUTUBE}"></oembed></figure>',
        f"<figure>{paragraph(YOUTUBE, 'YouTube')}</figure>",
    ),
    (
        '<figure><div data-oembed-url="https://vimeo.com/1"></div></figure>',
        f"<figure><div>{paragraph('https://vimeo.com/1', 'Vimeo')}</div></figure>",
    ),
    (
        '<div data-oembed-url="https://youtu.be/abc"><iframe src="https://www.youtube.com/embed/abc"></iframe></div>',
        f"<div>{paragraph(YOUTUBE, 'YouTube')}</div>",
    ),
    (
        '<blockquote class="twitter-tweet"><p>It <a href="https://twitter.com/a/status/1">opens</a></p></blockquote>'
        '<script src="/w.js"></script>',
        f"<blockquote><p>It {link('https://twitter.com/a/status/1', 'opens')}</p></blockquote>",
    ),
    (
        '<blockquote class="twitter-tweet"><a href="https://twitter.com/a/status/1"></a></blockquote>',
        f"<blockquote>{link('https://twitter.com/a/status/1', '')}"
        f"{paragraph('https://twitter.com/a/status/1', 'X')}</blockquote>",
    ),
    (
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/X/"></blockquote>',
        f"<blockquote>{paragraph('https://www.instagram.com/p/X/', 'Instagram')}</blockquote>",
    ),
    (
        '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@a/video/1"></blockquote>',
        f'<blockquote cite="https://www.tiktok.com/@a/video/1">'
        f"{paragraph('https://www.tiktok.com/@a/video/1', 'TikTok')}</blockquote>",
    ),
    (f'<div class="fb-post" data-href="{FACEBOOK}"></div>', f"<div>{paragraph(FACEBOOK, 'Facebook')}</div>"),
    (
        '<blockquote class="bluesky-embed" data-bluesky-uri="at://did:plc:x/app.bsky.feed.post/3k"></blockquote>',
        f"<blockquote>{paragraph('https://bsky.app/profile/did:plc:x/post/3k', 'Bluesky')}</blockquote>",
    ),
    (
        '<div class="flourish-embed" data-src="visualisation/123"><script src="/e.js"></script></div>',
        f"<div>{paragraph('https://public.flourish.studio/visualisation/123/', 'Flourish')}</div>",
    ),
    (
        '<script src="https://datawrapper.dwcdn.net/abcde/embed.js"></script>',
        paragraph("https://datawrapper.dwcdn.net/abcde/", "Datawrapper"),
    ),
    ('<script src="https://gist.github.com/u/abc.js"></script>', paragraph("https://gist.github.com/u/abc", "GitHub")),
    ('<lite-youtube videoid="abc" playlabel="Play"></lite-youtube>', paragraph(YOUTUBE, "Play")),
    ('<x-player src="https://e.example/z"></x-player>', paragraph("https://e.example/z", "e.example")),
    ('<map><area href="/t" alt="Taipei"></map>', f"<map>{paragraph('https://h.example/t', 'Taipei')}</map>"),
    # AMP.
    ('<amp-youtube data-videoid="abc"></amp-youtube>', paragraph(YOUTUBE, "YouTube")),
    ('<amp-twitter data-tweetid="123"></amp-twitter>', paragraph(X, "X")),
    ('<amp-instagram data-shortcode="X"></amp-instagram>', paragraph("https://www.instagram.com/p/X/", "Instagram")),
    (
        '<amp-iframe src="https://e.example/c"><amp-img placeholder src="/p.jpg"></amp-img></amp-iframe>',
        '<img src="https://h.example/p.jpg">' + paragraph("https://e.example/c", "e.example"),
    ),
    ('<amp-ad src="https://ads.example/"></amp-ad>x', "x"),
    # Withheld until a visitor agrees, or filled by a script.
    ('<iframe data-cookieblock-src="https://www.youtube.com/embed/abc"></iframe>', paragraph(YOUTUBE, "YouTube")),
    (
        '<iframe uc-src="//e.example/c" data-poster="//e.example/p.jpg"></iframe>',
        paragraph("https://e.example/c", "e.example"),
    ),
    ('<iframe longdesc="https://e.example/c"></iframe>x', "x"),
    ('<div data-pym-src="https://e.example/c"></div>', f"<div>{paragraph('https://e.example/c', 'e.example')}</div>"),
    (
        '<div data-src="https://e.example/c" title="T"></div>',
        f'<div title="T">{paragraph("https://e.example/c", "T")}</div>',
    ),
    ('<div data-src="https://e.example/c">words</div>', "<div>words</div>"),
    ('<div data-src="/c"></div>', "<div></div>"),
    (
        '<script src="//cdn.jwplayer.com/players/aB1-cD2.js"></script>',
        paragraph("https://cdn.jwplayer.com/players/aB1-cD2.html", "JW Player"),
    ),
    (
        '<script src="https://www.buzzsprout.com/1/2-a.js?player=small"></script>',
        paragraph("https://www.buzzsprout.com/1/2-a", "Buzzsprout"),
    ),
    (
        '<div class="youtube-player" data-id="abc"></div><noscript><iframe src="https://youtube.com/embed/abc"></iframe></noscript>',
        f"<div>{paragraph(YOUTUBE, 'YouTube')}</div>",
    ),
    # Links that a script makes cards of.
    ('<a href="https://e.example/c" data-iframely-url></a>', link("https://e.example/c", "e.example")),
    ('<a href="/c" class="embedly-card" title="T"></a>', '<a href="https://h.example/c" title="T">T</a>'),
    ('<p>a<a href="/c"></a></p>', '<p>a<a href="https://h.example/c"></a></p>'),
    # Maps.
    (
        '<iframe src="https://www.google.com/maps/embed?pb=!1m1!2d-73.9!3d40.7!2m3"></iframe>',
        paragraph(f"{MAP}40.7%2C-73.9", "Google Maps"),
    ),
    (
        '<iframe src="https://www.google.com/maps/embed/v1/place?key=k&q=Taipei+101"></iframe>',
        paragraph(f"{MAP}Taipei%20101", "Google Maps"),
    ),
    (
        '<iframe src="https://maps.google.com/maps?q=Taipei&output=embed"></iframe>',
        paragraph(f"{MAP}Taipei", "Google Maps"),
    ),
    (
        '<iframe src="https://www.google.com/maps/d/embed?mid=1"></iframe>',
        paragraph("https://www.google.com/maps/d/embed?mid=1", "Google Maps"),
    ),
    # Figures.
    ("<figure><iframe></iframe></figure>x", "x"),
    ("<figure><img></figure>", ""),
    ("<figure><figcaption>Only words</figcaption></figure>", "<figure><figcaption>Only words</figcaption></figure>"),
]


@pytest.mark.parametrize(("html", "shown"), EMBEDS, ids=[html[:60] for html, _ in EMBEDS])
def test_an_embed_becomes_a_link_to_what_it_shows(html, shown):
    assert body(html).strip() == shown


V, P = "https://h.example/v.mp4", "https://h.example/p.jpg"
LINK = link(V, "v.mp4")

PLAYERS = [
    (
        '<video src="/v.mp4" poster="/p.jpg">No video.</video>',
        f'<video src="{V}" poster="{P}" controls="">{LINK}</video>',
    ),
    (
        '<video><source data-src="/v.mp4"></video>',
        f'<video controls=""><source src="{V}" type="video/mp4">{LINK}</video>',
    ),
    (
        '<video autoplay loop src="/v.mp4" title="Sea"></video>',
        f'<video src="{V}" controls="" title="Sea">{link(V, "Sea")}</video>',
    ),
    (
        '<video src="/v.mp4"><track src="/s.vtt" kind="subtitles" srclang="en"></video>',
        f'<video src="{V}" controls="">'
        f'<track src="https://h.example/s.vtt" kind="subtitles" srclang="en">{LINK}</video>',
    ),
    ('<audio src="/v.mp4"></audio>', f'<audio src="{V}" controls="">{LINK}</audio>'),
    (
        '<amp-video src="/v.mp4" poster="/p.jpg" width=640><div fallback>no</div></amp-video>',
        f'<video src="{V}" poster="{P}" controls="" width="640">{LINK}</video>',
    ),
    ('<video poster="/p.jpg" title="Sea"></video>', f'<a href="{PAGE}"><img src="{P}" alt="Sea"></a>'),
    ('<video src="blob:x"><p>Fallback</p></video>', "<p>Fallback</p>"),
    ('<video src=""></video>x', "x"),
]


@pytest.mark.parametrize(("html", "shown"), PLAYERS, ids=[html[:60] for html, _ in PLAYERS])
def test_a_player_with_a_file_stays_with_controls(html, shown):
    assert body(html) == shown


def test_the_files_of_players_are_known_once_each():
    html = '<video><source src="/v.webm" type="video/webm; codecs=vp9"><source src="/v.mp4"></video>'
    found = sanitize(html + '<audio src="/a.mp3" title="Hear"></audio>' + html, PAGE).media
    assert found == (
        ("https://h.example/v.webm", "video/webm", ""),
        ("https://h.example/a.mp3", "audio/mpeg", "Hear"),
    )
