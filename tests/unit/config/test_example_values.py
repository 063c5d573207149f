"""Example values are named one by one; a newsroom's own are not."""

from syndication.config.example_values import find_example_values
from syndication.config.loading import load_settings

OWN = {
    "SYNDICATION_SITE__TITLE": "The Daily",
    "SYNDICATION_SITE__BASE_URL": "https://feeds.daily.test",
    "SYNDICATION_SITE__HOME_URL": "https://www.daily.test",
    "SYNDICATION_SITE__AUTHORITY": "daily.test",
}


def found(**changes):
    environ = OWN | {f"SYNDICATION_SITE__{key.upper()}": value for key, value in changes.items()}
    return list(find_example_values(load_settings(environ=environ)))


def test_the_bundled_configuration_is_an_example():
    words = " / ".join(find_example_values(load_settings(environ={})))
    for setting in ("site.title", "site.authority", "site.base_url", "site.home_url"):
        assert setting in words


def test_each_example_value_is_named_alone():
    assert found() == []
    assert found(title="The Daily Example") == ["site.title is 'The Daily Example', the name of an example"]
    assert found(authority="feeds.ledger.example")[0].startswith("site.authority is 'feeds.ledger.example', which")
    assert found(authority="desk@example.org")[0].startswith("site.authority is")
    assert found(home_url="https://www.example.com") == [
        "site.home_url is 'https://www.example.com', the address of an example"
    ]
    assert found(base_url="http://[::1]:8000") == [
        "site.base_url is 'http://[::1]:8000', which only this machine can reach"
    ]
    assert found(authority="example-news.test", base_url="https://example.daily.test") == []
