"""Which hubs the feeds name: the service's own, then those outside."""

from pathlib import Path

from syndication.config.loading import load_settings

SECTION = '[[section]]\nslug = "taiwan"\ntitle = "Taiwan"\n'


def hubs(folder: Path, main: str) -> tuple[str, ...]:
    (folder / "syndication.toml").write_text(f'[site]\nbase_url = "https://feeds.daily.example/news"\n{main}')
    (folder / "sections.toml").write_text(SECTION)
    return load_settings(folder / "syndication.toml", {}).site.hubs


def test_our_own_hub_is_named_first(tmp_path: Path) -> None:
    own = "https://feeds.daily.example/news/hub"
    assert hubs(tmp_path, "") == (own,)
    outside = 'outside = ["https://hub.example/", "https://feeds.daily.example/news/hub"]'
    assert hubs(tmp_path, f"[hub]\n{outside}") == (own, "https://hub.example/"), "each once"


def test_outside_hubs_are_named_without_our_own(tmp_path: Path) -> None:
    assert hubs(tmp_path, '[hub]\nenabled = false\noutside = ["https://hub.example/"]') == ("https://hub.example/",)
    assert hubs(tmp_path, "[hub]\nenabled = false") == ()
