"""A channel that cannot work says so at start, by name, without showing its secrets."""

import pytest

from notifications.channels import ChannelError, Channels, Outcome, send
from notifications.mailbox import Mailbox, letters
from notifications.wording import Message

SECRETS = {"TOKEN": "KANARIE", "PASSWORD": "p@ss/KANARIE?&%41", "HOOK": "json://KANARIE/hook"}


def channels_of(url, more=""):
    return Channels.from_toml(f"[channels.teams]\nurl = '{url}'\n{more}", SECRETS)


def url_of(channels):
    return channels.by_name["teams"].url.get_secret_value()


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.delenv("ESTAFETTE_CHANNELS_FILE", raising=False)
    monkeypatch.delenv("ESTAFETTE_SMTP_PORT", raising=False)
    return monkeypatch


def test_without_a_file_mail_goes_to_the_local_mailbox(environment, tmp_path):
    with Mailbox(tmp_path).serve(port=0) as port:
        environment.setenv("ESTAFETTE_SMTP_PORT", str(port))
        attempt = send(Channels.from_env(), "mail", "anna@example.org", Message("t", "b"), 7)
    assert attempt.outcome is Outcome.DELIVERED
    assert [letter.to for letter in letters(tmp_path)] == ["anna@example.org"]


def test_without_any_setting_the_mailbox_is_at_port_8025(environment):
    assert "127.0.0.1:8025?" in Channels.from_env().by_name["mail"].url.get_secret_value()


def test_the_file_is_read_and_its_secrets_are_filled_in(environment, tmp_path):
    file = tmp_path / "channels.toml"
    file.write_text("[channels.hook]\nurl = 'json://localhost/${TOKEN}'\nshared = true\n")
    environment.setenv("ESTAFETTE_CHANNELS_FILE", str(file))
    environment.setenv("TOKEN", "secret")
    found = Channels.from_env().by_name
    assert found["hook"].url.get_secret_value() == "json://localhost/secret"
    assert found["hook"].shared


def test_a_secret_that_is_a_part_is_quoted_and_a_whole_url_is_not():
    part = channels_of("mailtos://anna:${PASSWORD}@example.org?to={address}")
    assert "anna:p%40ss%2FKANARIE%3F%26%2541@example.org" in url_of(part)
    assert url_of(channels_of("${HOOK}", "shared = true")) == "json://KANARIE/hook"


@pytest.mark.parametrize(
    ("url", "more", "says"),
    [
        ("json://${KANARIE_KEY}/{address}", "", "set the variable KANARIE_KEY"),
        ("json://${token}/{address}", "", "in capitals"),
        ("nosuch://KANARIE/{address}", "", "does not start with a service"),
        ("KANARIE {address}", "", "does not start with a service"),
        ("mailto://?to={address}", "", "cannot read its url"),
        ("slack://KANARIE/{address}", "", "cannot read its url"),
        ("mailto://KANARIE.nl?from=a@b.nl", "", "put {address} in its url once"),
        ("json://KANARIE/{address}/{address}", "", "put {address} in its url once"),
        ("json://KANARIE/{address}", "shared = true", "put {address} in its url once"),
        ("mailto://KANARIE.nl?from=a@b.nl&to={address},c@d.nl", "", "one attempt at one recip"),
        ("mailto://KANARIE.nl?from=a@b.nl&to={address}&cc=c@d.nl", "", "one attempt at one recip"),
        ("mailto://KANARIE.nl?from=a@b.nl&to={address}&retry=2", "", "one attempt at one recip"),
        ("json://KANARIE/{address}?rto=60", "", "make cto and rto in its url less than 30"),
    ],
)
def test_a_channel_that_cannot_work_is_named_and_shows_no_secret(url, more, says):
    with pytest.raises(ChannelError) as refused:
        channels_of(url, more)
    assert str(refused.value).startswith("channel teams: ")
    assert says in str(refused.value)
    assert "KANARIE" not in str(refused.value).replace("KANARIE_KEY", "")
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[channels.teams\nurl = 'KANARIE'", "is not TOML"),
        ("", "channels: Field required"),
        ("[channels]", "channels: Dictionary should have at least 1 item"),
        ("[channels.teams]\nshared = true", "channels.teams.url: Field required"),
        ("[channels.teams]\nurl = 5", "channels.teams.url: Input should be a valid string"),
        ("[channels.teams]\nurl = 'KANARIE'\nurll = 'KANARIE'", "channels.teams.urll: Extra"),
        ("[channels.'Te ams']\nurl = 'json://{address}'", "channel 'Te ams': use lower case"),
    ],
)
def test_a_file_with_a_mistake_says_where(text, says):
    with pytest.raises(ChannelError) as refused:
        Channels.from_toml(text, SECRETS)
    assert says in str(refused.value)
    assert "KANARIE" not in str(refused.value)


@pytest.mark.parametrize("port", ["KANARIE", "0", "65536"])
def test_a_port_that_is_none_is_refused_by_name(environment, port):
    environment.setenv("ESTAFETTE_SMTP_PORT", port)
    with pytest.raises(ChannelError, match=r"^ESTAFETTE_SMTP_PORT: Input should be") as refused:
        Channels.from_env()
    assert "KANARIE" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused_by_variable(environment, tmp_path):
    environment.setenv("ESTAFETTE_CHANNELS_FILE", str(tmp_path / "nowhere.toml"))
    with pytest.raises(ChannelError, match=r"^ESTAFETTE_CHANNELS_FILE: cannot read it"):
        Channels.from_env()


@pytest.mark.parametrize(
    "url",
    [
        "mailtos://u:${TOKEN}@smtp.example.org:587?mode=starttls&from=e@example.org&to={address}",
        "matrixs://u:${TOKEN}@example.org/{address}",
        "msgbird://${TOKEN}abcdefghijklmnopqr/+31600000000/{address}",
        "ntfys://example.org/{address}?token=tk_${TOKEN}",
    ],
)
def test_channels_that_municipalities_use_are_accepted(url):
    assert "KANARIE" in url_of(channels_of(url))
