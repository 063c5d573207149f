"""The settings of channels: what is valid, what a mistake is told, and that secrets are never shown."""

import pytest

from syndication.config.loading import load_settings, settings_report
from syndication.errors import ConfigError

MAIL = """
[[notification]]
name = "desk"
kind = "email"
host = "smtp.daily.example"
sender = "feeds@daily.example"
recipients = ["desk@daily.example"]
"""

HOOK = """
[[notification]]
name = "night-desk"
kind = "webhook"
url = "https://hooks.daily.example/s3cret-path?token=s3cret-token"
secret = "a-s3cret-of-24-characters"
"""


@pytest.fixture
def load(tmp_path):
    def loaded(text, **environ):
        path = tmp_path / "syndication.toml"
        path.write_text(text)
        (tmp_path / "sections.toml").write_text("")
        return load_settings(path, {f"SYNDICATION_{name}": value for name, value in environ.items()})

    return loaded


@pytest.fixture
def wrong(load):
    def message(text, **environ):
        with pytest.raises(ConfigError) as error:
            load(text, **environ)
        assert "s3cret" not in str(error.value)
        return str(error.value).removeprefix("syndication.toml: ")

    return message


def test_defaults(load):
    desk, night = load(MAIL + HOOK).channels
    assert (desk.port, desk.security, desk.settle_seconds, desk.repeat_hours, desk.quiet) == (
        587,
        "starttls",
        60,
        0,
        "",
    )
    assert desk.causes[:2] == ("no-worker", "no-web") and len(desk.causes) == 10
    assert desk.urgent == ("no-worker", "no-web", "triggers", "held") and not desk.allow_private
    assert (night.name, night.label) == ("night-desk", "webhook")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('quiet = "22-07"', 'should be two different times of day in the newsroom\'s time zone, like "22:00-07:00"'),
        ('quiet = "22:00-22:00"', "should be two different times of day"),
        ('causes = ["fire"]', "should be a list of some of no-worker, no-web,"),
        ("settle_seconds = -1", "should be greater than or equal to 0"),
        ("port = 0", "should be greater than or equal to 1"),
        ('security = "ssl"', "should be 'starttls', 'tls' or 'none'"),
        ('password = "s3cret"', "should have both username and password, or neither"),
        ('security = "none"\nusername = "feeds"\npassword = "s3cret"', "the password would be sent unencrypted"),
        ('hots = "x"', "is not a setting: did you mean host?"),
    ],
)
def test_a_mistake_is_told_with_the_channels_name(wrong, line, words):
    message = wrong(MAIL + line)
    assert message.startswith("notification.desk") and words in message


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('["desk@daily.example"]', "[]", "should be a list of email addresses"),
        ('["desk@daily.example"]', '["desk@daily.example\\nBcc: all@daily.example"]', "should be an email address"),
        ('"feeds@daily.example"', '"Feeds <feeds@daily.example>"', "should be an email address"),
        ('"smtp.daily.example"', '"smtp.daily.example:25"', "without a port"),
        ('kind = "email"', 'kind = "fax"', "choose one of email, slack, webhook"),
        ('kind = "email"', "", "kind is missing"),
        ('name = "desk"', "", 'add name = "desk" to [[notification]]'),
        ('host = "smtp.daily.example"', "", "host is missing, and is required"),
    ],
)
def test_a_wrong_email_channel_is_told(wrong, before, after, words):
    assert words in wrong(MAIL.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("https://", "ftp://", "should start with https:// (or http://) and a host"),
        ("https://hooks", "https://me:s3cret@hooks", "should contain no user name"),
        ("s3cret-path", "s3cret path", "only ASCII without spaces"),
        ('secret = "a-s3cret-of-24-characters"', 'secret = "s3cret"', "should have at least 24 characters"),
        ('secret = "a-s3cret-of-24-characters"', 'secret = ""', "should have at least 24 characters"),
        ('secret = "a-s3cret-of-24-characters"', "", "secret is missing, and is required"),
    ],
)
def test_a_wrong_webhook_is_told_without_its_secrets(wrong, before, after, words):
    assert words in wrong(HOOK.replace(before, after))


def test_two_channels_with_one_name_are_refused(wrong):
    assert wrong(MAIL + MAIL) == "two notifications have the name 'desk': rename one of them"


def test_the_environment_and_files_give_values(load, tmp_path, wrong):
    (tmp_path / "password").write_text("s3cret-of-a-file\n")
    environ = {
        "NOTIFICATION__DESK__PASSWORD_FILE": str(tmp_path / "password"),
        "NOTIFICATION__DESK__USERNAME": "feeds",
        "NOTIFICATION__DESK__RECIPIENTS": "a@daily.example b@daily.example",
        "NOTIFICATION__DESK__CAUSES": "failing held",
        "NOTIFICATION__DESK__PORT": "465",
        "NOTIFICATION__DESK__REPEAT_HOURS": "4",
        "NOTIFICATION__DESK__ALLOW_PRIVATE": "true",
        "NOTIFICATION__NIGHT_DESK__URL": "https://hooks.daily.example/other",
    }
    desk, night = load(MAIL + HOOK, **environ).channels
    assert (desk.password, desk.recipients) == ("s3cret-of-a-file", ("a@daily.example", "b@daily.example"))
    assert (desk.causes, desk.port, desk.repeat_hours, desk.allow_private) == (("failing", "held"), 465, 4.0, True)
    assert night.url == "https://hooks.daily.example/other"
    assert "did you mean DESK?" in wrong(MAIL, NOTIFICATION__DEKS__PORT="1")


def test_the_report_hides_secrets(load):
    report = dict(settings_report(load(MAIL + 'username = "feeds"\npassword = "s3cret"\n' + HOOK)))
    assert report["notification.desk.password"] == report["notification.night-desk.secret"] == "***"
    assert report["notification.night-desk.url"] == "***"
    assert report["notification.desk.recipients"] == "desk@daily.example"
    assert "s3cret" not in str(report)
