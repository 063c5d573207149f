"""An invalid setting stops the start with one sentence that names the key, the value and what would be valid."""

import re
import tomllib
from pathlib import Path

import pytest

from syndication.config.loading import defaults_folder, load_settings, mask, settings_report
from syndication.config.schema import SyndicationFile
from syndication.errors import ConfigError
from syndication.model.selection import Selection, Term
from syndication.model.values import Podcast

SECTION = '[[section]]\nslug = "taiwan"\ntitle = "Taiwan"\n'


def written(folder: Path, main: str = "", sections: str = SECTION) -> Path:
    (folder / "syndication.toml").write_text(main)
    (folder / "sections.toml").write_text(sections)
    return folder / "syndication.toml"


WRONG = [
    ("[site]\nsection_title = 'News'", "", "site.section_title is 'News': it should have {section}"),
    (
        "[site]\nsection_title = '{section} {name}'",
        "",
        "it should have {section}, may have {site}, and no other braces",
    ),
    ("[site]\nbase_url = 'https://h.example:0/x'", "", "it should start with https://"),
    ("[site]\nbase_url = 'https://1.2.3.256'", "", "it should start with https://"),
    ("[site]\nbase_url = 'https://h.example/?x'", "", "it should not contain ? or #"),
    ("[site]\nbase_url = 'feeds.example'", "", "site.base_url is 'feeds.example': it should start with https://"),
    ("[site]\nbaseurl = 'x'", "", "site.baseurl is not a setting: did you mean base_url?"),
    ("[sight]\ntitle = 'x'", "", "sight is not a setting: did you mean site?"),
    ("[server]\nport = '80'", "", "server.port is '80': it should be a valid integer"),
    ("[server]\nport = 70000", "", "server.port is 70000: it should be less than or equal to 65535"),
    ("[feeds]\nentries = 0", "", "feeds.entries is 0: it should be greater than or equal to 1"),
    ("[feeds]\ncontent = 'some'", "", "feeds.content is 'some': it should be 'full' or 'summary'"),
    ("[feeds]\nentries = 50\nmax_entries = 10", "", "max_entries of all is 10: it should be at least its entries, 50"),
    ("[feeds]\ncache = 'quick'", "", "cache of all is 'quick': it should be one of news"),
    ("[site]\nbase_url = 'http://[oops'", "", "site.base_url is 'http://[oops': it should start with https://"),
    ("[site]\nbase_url = 'http://h.example:99999'", "", "it should start with https://"),
    (
        "[site]\nhome_url = 'https://例え.jp'",
        "",
        "site.home_url is 'https://例え.jp': it should contain only ASCII and no spaces",
    ),
    ("[site]\nlanguage = 'not a lang!'", "", "site.language is 'not a lang!': it should be a language tag like en"),
    (
        "[site]\nlanguage = 'zh_TW'",
        "",
        "site.language is 'zh_TW': it should be a language tag like en, zh-Hant or zh-TW",
    ),
    ("[site]\nlanguage = ''", "", "site.language is '': it should be a language tag"),
    ("", "[all]\nlanguage = 'english'", "all.language is 'english': it should be a language tag"),
    ("", SECTION + "language = '!'", "section.0.language is '!': it should be a language tag"),
    (
        "[site]\nemail = 'foo'",
        "",
        "site.email is 'foo': it should be an email address like desk@daily.example, or empty",
    ),
    ("[site]\nauthority_date = '2026-13-01'", "", "authority_date is '2026-13-01': it should be a valid date"),
    ("[site]\nauthority = 'a b'", "", "site.authority is 'a b': it should be a domain name"),
    ("[worker]\nreconcile_at = '25:00'", "", "worker.reconcile_at is '25:00': it should be a time of day in UTC"),
    (
        "[editors]\nlargest_article_mb = 33",
        "",
        "editors.largest_article_mb is 33: it should be at most 32: no feed accepts a longer article",
    ),
    ("[logs]\nlevel = 'loud'", "", "logs.level is 'loud': it should be"),
    (
        "[purge]\nurl = 'https://c.example/{kye}'",
        "",
        "it should have no placeholders other than {key}, {section}, {format} and {path}",
    ),
    ("[purge]\nurl = 'c.example'", "", "purge.url is 'c.example': it should start with https://"),
    ("[ninjs]\nurl = '/news'", "", "ninjs.url is '/news': it should have {slug} or {id}"),
    ("[ninjs]\nurl = '/{guid}'", "", "should have no placeholders other than {id}, {slug}, {section}"),
    ("[ninjs]\nurl = 'news/{id}'", "", "ninjs.url is 'news/{id}': it should start with https://"),
    ("[ninjs]\nurl = '/a b/{id}'", "", "ninjs.url is '/a b/{id}': it should contain only ASCII and no spaces"),
    ("[ninjs]\nsecret = 'too short'", "", "ninjs.secret is ***: it should have at least 24 characters"),
    ("[ninjs]\nsection = 'nowhere'", "", "ninjs.section is 'nowhere': it should be a section of sections.toml"),
    ("[ninjs]\nsections = { s = 'nowhere' }", "", "ninjs.sections.s is 'nowhere': it should be a section"),
    ("[purge]\nurl = 'https://a.example {key}'", "", "it should start with https://"),
    (
        "[purge]\nmethod = 'post'",
        "",
        "purge.method is 'post': it should be an HTTP method in capitals, like POST or PURGE",
    ),
    ("[purge.headers]\n'Content-Length' = '3'", "", "purge.headers is ***: it should be headers by name"),
    ("[purge.headers]\n'X Y' = 'v'", "", "purge.headers is ***: it should be headers by name"),
    ("[purge.headers]\nX = 'sécret'", "", "purge.headers is ***: it should have ASCII values, each on one line"),
    ("[purge.headers]\nX = 5", "", "purge.headers.X is ***: it should be a valid string"),
    ("[site", "", "syndication.toml is not valid TOML"),
    ("", "[[section]]\nslug = 'Taiwan'\ntitle = 'T'", "section.0.slug is 'Taiwan': it should be lower-case letters"),
    ("", "[[section]]\nslug = 'all'\ntitle = 'T'", "section.0.slug is 'all': it is reserved"),
    ("", "[[section]]\nslug = 'tag'\ntitle = 'T'", "section.0.slug is 'tag': it is reserved"),
    ("", "[[section]]\nslug = 'a+b'\ntitle = 'T'", "section.0.slug is 'a+b'"),
    ("", "[[section]]\nslug = 'x'", "section.0.title is missing"),
    ("", SECTION + SECTION, "the slug 'taiwan' is used twice"),
    ("", SECTION + "[[retired]]\nslug = 'taiwan'", "the slug 'taiwan' is used twice"),
    ("", SECTION + "formerly = ['taiwan']", "the slug 'taiwan' is used twice"),
    ("", SECTION + "any = ['ferries']", "section.0.any.0 is 'ferries': it should be a kind and a name, like section:"),
    ("", SECTION + "all = ['tags:ferries']", "section.0.all.0 is 'tags:ferries': it should be a kind and a name"),
    ("", SECTION + "none = ['tag: ']", "section.0.none.0 is 'tag: ': it should have a name of 1 to 200 characters"),
    ("", SECTION + f"any = ['tag:{'x' * 201}']", "it should have a name of 1 to 200 characters after the colon"),
    ("", SECTION + "any = ['language:no language']", "it should name a language by its tag, like language:zh-Hant"),
    ("", SECTION + "any = 'tag:ferries'", "section.0.any is 'tag:ferries': it should be a valid list"),
    (
        "",
        SECTION + "any = ['section:sport']",
        "in taiwan, the selection names the section 'sport', which",
    ),
    (
        "",
        SECTION + "none = ['section:all']",
        "in taiwan, the selection excludes the section 'all', which",
    ),
    (
        "",
        SECTION + "any = ['tag:a']\n[[section]]\nslug = 'x'\ntitle = 'X'\nall = ['section:taiwan']",
        "in x, the selection names 'taiwan', which is a selection itself: name what that one selects",
    ),
    ("", SECTION + f"any = {[f'tag:{number}' for number in range(101)]}", "the selection has 101 terms"),
    ("", SECTION + "entires = 5", "section.0.entires is not a setting: did you mean entries?"),
]


def test_lists_of_terms_are_what_a_section_selects(tmp_path):
    text = SECTION + (
        "formerly = ['formosa']\n"
        "any = ['section:taiwan', 'section:formosa', 'tag: Green  ENERGY', 'tag:green energy']\n"
        "all = ['language:zh_Hant', 'section:all', 'section:gone']\nnone = ['author:Lin Mei-hua: Opinion']\n"
        "[[section]]\nslug = 'plain'\ntitle = 'Plain'\n[[retired]]\nslug = 'gone'\n"
    )
    sections = load_settings(written(tmp_path, "", text), {}).sections
    assert sections["taiwan"].selects == Selection(
        any=(Term("section", "taiwan"), Term("section", "formosa"), Term("tag", "green energy")),
        all=(Term("language", "zh-hant"), Term("section", "all"), Term("section", "gone")),
        none=(Term("author", "lin mei-hua: opinion"),),
    )
    assert sections["plain"].selection is None


@pytest.mark.parametrize(("main", "sections", "words"), WRONG)
def test_a_wrong_setting_is_one_sentence(tmp_path, main, sections, words):
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, main, sections or SECTION), {})
    message = str(caught.value)
    assert words in message and "\n" not in message.replace("not valid TOML", "")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SYNDICATION_SITE__BASE_URL", "nowhere", "site.base_url is 'nowhere'"),
        ("SYNDICATION_SITE__BASEURL", "x", "did you mean base_url?"),
        ("SYNDICATION_SIT__TITLE", "x", "did you mean site?"),
        ("SYNDICATION_TITLE", "x", "is not a setting"),
        ("SYNDICATION_SERVER__PORT", "many", "server.port is 'many'"),
        ("SYNDICATION_SERVR__PORT", "80", "did you mean server?"),
        ("SYNDICATION_SITE_BASE_URL", "https://x.example", "did you mean SYNDICATION_SITE__BASE_URL?"),
        ("SYNDICATION_SERVER_PORT", "8100", "did you mean SYNDICATION_SERVER__PORT?"),
        ("SYNDICATION_PORT", "8100", "is not a setting"),
        ("SYNDICATION_DATABASE_URL", "postgresql://db.example/news", "did you mean SYNDICATION_DATABASE__URL?"),
        ("SYNDICATION_CACHE_NEWS_BROWSER", "60", "did you mean SYNDICATION_CACHE__NEWS__BROWSER?"),
        ("SYNDICATION_SERVICE__HOST", "10.0.0.7", "is not a setting"),
        ("SYNDICATION_SERVER__SURROGATE_KEYS", "yes", "server.surrogate_keys is 'yes': it should be true or false"),
        ("SYNDICATION_DATABASE__URL_FILE", "/nowhere/url", "should name a file: cannot read /nowhere/url (No such"),
        ("SYNDICATION_DATABASE__URI_FILE", "/dev/null", "database.uri is not a setting: did you mean url?"),
    ],
)
def test_a_wrong_environment_variable_is_one_sentence(tmp_path, name, value, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        load_settings(written(tmp_path), {name: value})


@pytest.mark.parametrize("service", ["SYNDICATION", "SYNDICATION_WEB", "SYNDICATION_SERVER"])
def test_kubernetes_service_variables_are_ignored(tmp_path, service):
    environ = {
        f"{service}_SERVICE_HOST": "10.0.0.7",
        f"{service}_SERVICE_PORT": "80",
        f"{service}_SERVICE_PORT_HTTP": "80",
        f"{service}_PORT": "tcp://10.0.0.7:80",
        f"{service}_PORT_80_TCP": "tcp://10.0.0.7:80",
        f"{service}_PORT_80_TCP_PROTO": "tcp",
        f"{service}_PORT_80_TCP_PORT": "80",
        f"{service}_PORT_80_TCP_ADDR": "10.0.0.7",
    }
    assert load_settings(written(tmp_path), environ).server.port == 8000


def test_the_environment_wins_over_the_file(tmp_path):
    environ = {
        "SYNDICATION_SITE__TITLE": "2026",
        "SYNDICATION_SERVER__PORT": "8100",
        "SYNDICATION_WORKER__LEASE": "12.5",
        "SYNDICATION_DATABASE__URL": "postgresql://desk:secret@db.example/news",
        "SYNDICATION_CACHE__NEWS__BROWSER": "60",
        "SYNDICATION_PARENT": "1",
    }
    settings = load_settings(written(tmp_path, "[server]\nport = 1"), environ)
    assert (settings.site.title, settings.server.port, settings.worker.lease) == ("2026", 8100, 12.5)
    assert settings.sections["taiwan"].cache.browser == 60
    report = dict(settings_report(settings))
    assert report["database.url"] == "postgresql://desk:***@db.example/news"
    assert "secret" not in str(list(report.values()))


def test_the_environment_turns_a_setting_on_and_off(tmp_path):
    path = written(tmp_path, "[server]\nsurrogate_keys = true")
    for text, expected in (("true", True), ("false", False)):
        assert load_settings(path, {"SYNDICATION_SERVER__SURROGATE_KEYS": text}).server.surrogate_keys is expected


def test_a_secret_is_read_from_a_file_that_the_environment_names(tmp_path):
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://desk:p%20w@db.example/news\n")
    environ = {"SYNDICATION_DATABASE__URL_FILE": str(secret)}
    assert load_settings(written(tmp_path), environ).database_url == "postgresql://desk:p%20w@db.example/news"


def test_a_secret_set_twice_is_rejected(tmp_path):
    environ = {"SYNDICATION_DATABASE__URL_FILE": "/dev/null", "SYNDICATION_DATABASE__URL": "sqlite:///a.db"}
    with pytest.raises(ConfigError, match="both SYNDICATION_DATABASE__URL and SYNDICATION_DATABASE__URL_FILE"):
        load_settings(written(tmp_path), environ)


def test_a_secret_file_that_is_not_text_is_rejected_without_its_bytes(tmp_path):
    (tmp_path / "url").write_bytes(b"secret\xff")
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        load_settings(written(tmp_path), {"SYNDICATION_DATABASE__URL_FILE": str(tmp_path / "url")})
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_a_section_inherits_what_it_does_not_set(tmp_path):
    path = written(tmp_path, "[feeds]\nentries = 40\n", SECTION + "content = 'summary'\nformerly = ['formosa']\n")
    settings = load_settings(path, {})
    taiwan = settings.sections["taiwan"]
    assert (taiwan.entries, taiwan.content, taiwan.origin) == (40, "summary", "formosa")
    assert settings.redirects == {"formosa": "taiwan"}
    assert list(settings.sections) == ["all", "taiwan"]


TITLES = [
    ("", "Taiwan", "Taiwan – The Daily Example"),
    ("", "The daily example: Taiwan", "The daily example: Taiwan"),
    ("section_title = '{site} | {section}'", "Taiwan", "The Daily Example | Taiwan"),
    ("section_title = '{section}'", "Taiwan", "Taiwan"),
    ("section_title = '{section} ({site})'", "{site} and {section}", "{site} and {section} (The Daily Example)"),
]


@pytest.mark.parametrize(("setting", "title", "shown"), TITLES)
def test_the_title_of_a_feed_names_the_newsroom_once(tmp_path, setting, title, shown):
    path = written(tmp_path, f"[site]\n{setting}\n", f'[[section]]\nslug = "taiwan"\ntitle = "{title}"\n')
    taiwan, everything = (load_settings(path, {}).sections[slug] for slug in ("taiwan", "all"))
    assert (taiwan.title, taiwan.feed_title) == (title, shown)
    assert everything.feed_title == "The Daily Example: all stories"


def test_a_section_is_a_podcast_with_its_own_artwork(tmp_path):
    main = "[feeds]\npodcast_category = 'News > Politics'\npodcast_image = 'https://daily.example/all.jpg'\n"
    own = "podcast_image = 'https://daily.example/taiwan.jpg'\npodcast_explicit = true\n"
    sections = load_settings(written(tmp_path, main, SECTION + own), {}).sections
    assert sections["taiwan"].podcast == Podcast("News > Politics", True, "https://daily.example/taiwan.jpg")
    assert sections["all"].podcast == Podcast("News > Politics", False, "https://daily.example/all.jpg")


def test_the_file_is_found_by_the_variable_here_or_in_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings(environ={}).source == defaults_folder() / "syndication.toml"
    (tmp_path / "config").mkdir()
    here = written(tmp_path / "config")
    assert load_settings(environ={}).source == here
    (tmp_path / "other").mkdir()
    other = written(tmp_path / "other")
    assert load_settings(environ={"SYNDICATION_CONFIG": str(other)}).source == other
    with pytest.raises(ConfigError, match=r"cannot read .*missing\.toml"):
        load_settings(tmp_path / "missing.toml", {})


def test_the_file_has_every_setting_with_its_default_and_a_comment():
    text = (defaults_folder() / "syndication.toml").read_text()
    tables = tomllib.loads(text)
    for table, values in SyndicationFile().model_dump().items():
        if table == "cache":
            assert tables["cache"] == values
            continue
        if table in ("source", "notification"):
            assert table not in tables and values == []
            continue
        assert tables[table].keys() == values.keys(), table
        for key, value in values.items():
            # The demonstration's newsroom has a name and a place.
            of_the_newsroom = table == "site" or (table, key) == ("editors", "timezone")
            expected = list(value) if isinstance(value, tuple) else value
            assert of_the_newsroom or tables[table][key] == expected, f"{table}.{key}"
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\w+ = ", line):
            above = next(text for text in reversed(lines[:number]) if not re.match(r"\w+ = ", text))
            assert above.startswith(("#", "[")) or line.startswith("url"), line


def in_comments(name):
    text = (defaults_folder() / name).read_text()
    return "\n".join(line.removeprefix("#     ") for line in text.splitlines() if line.startswith("#     "))


def test_the_examples_in_comments_can_be_pasted(tmp_path):
    sections = f"{(defaults_folder() / 'sections.toml').read_text()}\n{in_comments('sections.toml')}"
    assert load_settings(written(tmp_path, sections=sections), {}).retired == {"old-slug"}
    settings = load_settings(written(tmp_path, in_comments("syndication.toml")), {})
    assert [(channel.name, channel.label) for channel in settings.channels] == [("desk", "email"), ("chat", "slack")]
    (source,) = settings.sources
    assert (source.name, source.label, source.every) == ("cms", "sql", 1.0)


SOURCE = """
[[source]]
name = "cms"
kind = "sql"
database = "mysql://reader:s3cret@db/daily"
ids = "SELECT id, published_at FROM story"
articles = "SELECT * FROM story WHERE id IN :ids"
"""


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (SOURCE + "evry = 1", "source.cms.evry is not a setting: did you mean every?"),
        (SOURCE + "every = 'soon'", "source.cms.every is 'soon': it should be seconds, or a text like \"1 s\""),
        (SOURCE + "every = 0", "source.cms.every is 0: it should be between 0.2 s and 24 h"),
        (SOURCE + "every = '2 d'", "source.cms.every is '2 d': it should be between 0.2 s and 24 h"),
        (SOURCE + "section = 'tawan'", "source.cms.section is 'tawan', which no section has: did you mean taiwan?"),
        (SOURCE + "ping_secret = 's3cret'", "source.cms.ping_secret is ***: it should have at least 24 characters"),
        (SOURCE + "database_FILE = '/x'", "source cms has both database and database_FILE: remove one of them"),
        (SOURCE.replace("sql", "sqll"), "source.cms.kind is 'sqll': did you mean sql?"),
        (SOURCE.replace('kind = "sql"', ""), "source.cms.kind is missing, and is required: choose one of"),
        (SOURCE.replace('name = "cms"', ""), "a source has no name"),
        (SOURCE.replace("mysql:", "mysq:"), "source.cms.database is 'mysq://reader:***@db/daily': it should be"),
        (SOURCE.replace(" WHERE id IN :ids", ""), "it should read only the stories asked for: add WHERE id IN :ids"),
        (SOURCE + SOURCE, "two sources have the name 'cms'"),
        ("[source]\nname = 'cms'", "source should be written as [[source]]"),
    ],
)
def test_a_wrong_source_is_refused_in_one_sentence(tmp_path, main, words):
    with pytest.raises(ConfigError) as error:
        load_settings(written(tmp_path, main), {})
    assert words in str(error.value) and "s3cret" not in str(error.value)


def test_a_source_is_completed_by_the_environment_and_by_files(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("mysql://reader:other@db/daily\n")
    environ = {"SYNDICATION_SOURCE__CMS__DATABASE_FILE": str(secret), "SYNDICATION_SOURCE__CMS__WINDOW": "7"}
    settings = load_settings(written(tmp_path, SOURCE), environ)
    (source,) = settings.sources
    assert source.database == "mysql://reader:other@db/daily" and source.window == 7
    assert ("source.cms.database", "mysql://reader:***@db/daily") in settings_report(settings)
    with pytest.raises(ConfigError, match="SYNDICATION_SOURCE__CM__WINDOW is not a setting"):
        load_settings(written(tmp_path, SOURCE), {"SYNDICATION_SOURCE__CM__WINDOW": "7"})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("postgresql://u@h:5432/x?host=/run", "postgresql://u@h:5432/x?host=/run"),
        ("postgresql://h:5432/x?user=me", "postgresql://h:5432/x?user=me"),
        ("postgresql://u:secret@h/x", "postgresql://u:***@h/x"),
        ("postgresql://u:secret@h/x?password=topsecret", "postgresql://u:***@h/x?password=***"),
        ("postgresql://h/x?user=u&PassWord=secret&port=1", "postgresql://h/x?user=u&PassWord=***&port=1"),
        ("postgresql://h/x?p%61ssword=secret", "postgresql://h/x?p%61ssword=***"),
        ("postgresql://h/x?sslpassword=secret&passfile=/p", "postgresql://h/x?sslpassword=***&passfile=/p"),
        ("postgresql://h/x?dbname=postgresql://u:secret@h/x", "postgresql://h/x?dbname=***"),
        ("postgresql://u:[secret@h/x", "postgresql://u:***@h/x"),
        ("postgresql://u:sec?ret/@h/x", "postgresql://u:***@h/x"),
        ("postgresql://u:sec@ret@h/x", "postgresql://u:***@h/x"),
        ("postgresql://:secret@h", "postgresql://:***@h"),
        ("postgres:/u:secret@h/x", "***@h/x"),
        ("u:secret@h", "***@h"),
        ("nonsense", "nonsense"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url, shown):
    assert mask(url) == shown


def test_the_report_and_the_errors_show_no_password(tmp_path):
    path = written(tmp_path, "[database]\nurl = 'postgresql://u:[secret@h/x?password=secret'")
    report = dict(settings_report(load_settings(path, {})))
    assert report["database.url"] == "postgresql://u:***@h/x?password=***"
    path = written(tmp_path, "database = 'postgresql://u:secret@h/x'")
    with pytest.raises(ConfigError, match="database is 'postgresql") as caught:
        load_settings(path, {})
    assert "secret" not in str(caught.value)


def test_purge_headers_are_never_shown(tmp_path):
    (tmp_path / "key").write_text("s3cret-of-a-file\n")
    path = written(
        tmp_path,
        "[purge]\nurl = 'https://a.example/{key}?token=s3cret https://b.example'\n"
        "[purge.headers]\nAuthorization = 'Bearer s3cret'\nSoft-Purge = '1'",
    )
    environ = {
        "SYNDICATION_PURGE__HEADERS__AUTHORIZATION": "Bearer s3cret-of-the-environment",
        "SYNDICATION_PURGE__HEADERS__FASTLY_KEY_FILE": str(tmp_path / "key"),
        "SYNDICATION_PURGE__HEADERS__TIMEOUT": "5",
        "SYNDICATION_PURGE__TIMEOUT": "2",
    }
    settings = load_settings(path, environ)
    assert settings.purge.timeout == 2
    assert settings.purge.headers == {
        "authorization": "Bearer s3cret-of-the-environment", "Soft-Purge": "1", "fastly-key": "s3cret-of-a-file",
        "timeout": "5",
    }  # fmt: skip
    report = dict(settings_report(settings))
    assert report["purge.headers.authorization"] == report["purge.headers.Soft-Purge"] == "***"
    assert report["purge.url"] == "https://a.example/{key}?token=***"
    assert "s3cret" not in str(report)
