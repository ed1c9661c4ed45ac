"""A channel that cannot work says so at start, by name, without showing its secrets."""

import pytest

from notifications.channels import ChannelError, Channels, Outcome, channels_stamp, send
from notifications.mailbox import Mailbox, letters
from notifications.wording import Message

SECRETS = {"TOKEN": "KANARIE", "PASSWORD": "p@ss/KANARIE?&%41", "HOOK": "json://KANARIE/hook"}


def channels_of(url, more=""):
    return Channels.from_toml(f"[channels.teams]\nurl = '{url}'\n{more}", SECRETS)


def url_of(channels):
    return channels.by_name["teams"].url.get_secret_value()


@pytest.fixture
def environment(monkeypatch, tmp_path):
    for name in ("CHANNELS_FILE", "SMTP_PORT", "SECRETS"):
        monkeypatch.delenv(f"ESTAFETTE_{name}", raising=False)
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
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


def test_without_the_variable_the_file_in_the_data_folder_is_read(environment, tmp_path):
    (tmp_path / "data/channels.toml").write_text("[channels.hook]\nurl='json://a.b'\nshared=true\n")
    assert list(Channels.from_env().by_name) == ["hook"]


@pytest.fixture
def hook(environment, tmp_path):
    """Reads a channel whose url is json://localhost/ and a secret."""
    file, folder = tmp_path / "data/channels.toml", tmp_path / "secrets"
    file.write_text("[channels.hook]\nurl = 'json://localhost/${HOOK_TOKEN}'\nshared = true\n")
    folder.mkdir()
    environment.setenv("ESTAFETTE_SECRETS", str(folder))
    return lambda: Channels.from_env().by_name["hook"].url.get_secret_value()


def test_a_secret_comes_from_a_file_of_its_name_without_the_newline_at_its_end(hook, tmp_path):
    (tmp_path / "secrets/HOOK_TOKEN").write_text("from file \n")
    assert hook() == "json://localhost/from%20file%20"


def test_the_environment_goes_before_a_secret_file(hook, environment, tmp_path):
    (tmp_path / "secrets/HOOK_TOKEN").write_text("file")
    environment.setenv("HOOK_TOKEN", "environment")
    assert hook() == "json://localhost/environment"
    environment.setenv("HOOK_TOKEN", "")
    assert hook() == "json://localhost/file"


def test_a_secret_that_is_nowhere_is_named_with_both_places(hook):
    with pytest.raises(ChannelError, match=r"variable HOOK_TOKEN.*folder ESTAFETTE_SECRETS"):
        hook()


def test_a_secret_file_that_is_no_text_is_named_and_not_shown(hook, tmp_path):
    (tmp_path / "secrets/HOOK_TOKEN").write_bytes(b"KANARIE\xff")
    with pytest.raises(ChannelError, match="cannot read the file HOOK_TOKEN in it") as refused:
        hook()
    assert "KANARIE" not in str(refused.value)


def test_a_new_file_or_secret_is_seen_by_its_stamp(hook, tmp_path):
    seen = [channels_stamp()]
    for secret in ("one", "another"):
        (tmp_path / "secrets/HOOK_TOKEN").write_text(secret)
        seen.append(channels_stamp())
    with (tmp_path / "data/channels.toml").open("a") as file:
        file.write("per_minute = 5\n")
    seen.append(channels_stamp())
    assert len(set(seen)) == 4
    assert channels_stamp() == seen[-1]


def test_a_channel_says_how_many_messages_a_minute_it_takes():
    channels = channels_of("json://localhost", "shared = true\nper_minute = 20")
    assert channels.per_minute("teams") == 20
    assert channels_of("json://localhost", "shared = true").per_minute("teams") is None
    assert channels.per_minute("nowhere") is None


def test_how_people_want_to_be_reached_is_kept_as_it_was_written():
    more = "shared = true\n[everybody]\nbudget = 'KANARIE'\n[people.anna]\nodd = 1"
    assert channels_of("json://localhost", more).manners == {
        "everybody": {"budget": "KANARIE"}, "organisations": {}, "people": {"anna": {"odd": 1}},
    }  # fmt: skip


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
        ("workflows://KANARIE:443/a/b?template=/etc/hostname", "shared = true", "no file is sent"),
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


@pytest.mark.parametrize("text", ["", "[channels]", "[everybody]\nbudget = 5"])
def test_a_file_without_channels_leaves_mail_to_the_local_mailbox(text):
    assert list(Channels.from_toml(text, SECRETS).by_name) == ["mail"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[channels.teams\nurl = 'KANARIE'", "is not TOML"),
        ("[channels.teams]\nshared = true", "channels.teams.url: Field required"),
        ("[channels.teams]\nurl = 5", "channels.teams.url: Input should be a valid string"),
        (
            "[channels.teams]\nurl = 'KANARIE'\nurll = 'KANARIE'",
            "urll: is not a known word here; did",
        ),
        ("[channel.teams]\nurl = 'KANARIE'", "did you mean channels?"),
        ("[chanels.a]\nurl = 'KANARIE'\n[channels.b]\nurl = 'KANARIE'", "did you mean channels?"),
        ("[channels.teams]\nurl = 'KANARIE'\nper_minute = 0", "teams.per_minute: Input should be"),
        ("[channels.teams]\nurl = 'KANARIE'\nper_minute = '5'", "teams.per_minute: Input should"),
        ("people = 'KANARIE'\n[channels.teams]\nurl = 'KANARIE'", "people: Input should be"),
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
        "smseagles://${TOKEN}@sms.example.org/{address}",
        "signal://${TOKEN}@example.org/+31600000000/{address}",
    ],
)
def test_channels_that_municipalities_use_are_accepted(url):
    assert "KANARIE" in url_of(channels_of(url))


def test_another_web_address_is_no_channel():
    with pytest.raises(ChannelError, match="does not start with a service"):
        channels_of("https://example.org/KANARIE", "shared = true")
