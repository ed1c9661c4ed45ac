"""Mail's certificates are read once, and never trusted more than Apprise would trust them."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from pydantic import SecretStr

from notifications import secure
from notifications.channels import Channel, Channels, send
from notifications.secure import LENDINGS, Lent, StandIn, Trust, lend_certificates
from notifications.wire import known_scheme
from notifications.wording import Message
from tests.notifications.servers import mail_at, mail_server, make_ca, safe_mail_server

assert known_scheme("mailto://")  # imports Apprise as we do; its own import warns
smtp = import_module("apprise.plugins.email.smtp")
MESSAGE = Message("Estafette 2026-00042: 1 vraag voor u [#7]", "Is het gedaan?\n\n[#7]")
SAFE = (
    "mailtos://estafette:geheim-woord@127.0.0.1:{port}?mode=starttls&from=estafette%40localhost"
    "&to={{address}}&cto=2&rto=2"
)


@pytest.fixture
def ca(tmp_path, monkeypatch):
    """This machine trusts one private authority."""
    made = make_ca(tmp_path / "ca")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
    return made


@pytest.fixture
def made(monkeypatch):
    """Counts the contexts that are made, from a beginning where none is."""
    assert lend_certificates()
    monkeypatch.setitem(vars(smtp), "ssl", StandIn(Trust()))
    contexts, make = [], ssl.create_default_context

    def counted(*args, **kwargs):
        contexts.append(make(*args, **kwargs))
        return contexts[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    return contexts


def mail(port, more=""):
    channels = Channels({"mail": Channel(url=SecretStr(SAFE.format(port=port) + more))})
    return send(channels, "mail", "anna@voorbeeld.example", MESSAGE, 7).detail


def served(authority):
    return safe_mail_server(authority, "estafette", "geheim-woord")


def test_this_release_of_apprise_makes_its_context_where_we_know_it_to():
    """When this fails, mail still goes as Apprise sends it, only slower: find the new place."""
    assert lend_certificates()
    assert isinstance(smtp.ssl, StandIn)
    assert lend_certificates(), "called twice is called once"


def test_plain_mail_needs_no_certificates(made):
    with mail_server() as (port, taken):
        for _ in range(3):
            send(mail_at(port), "mail", "anna@voorbeeld.example", MESSAGE, 7)
    assert (len(taken), made) == (3, [])


def test_safe_mail_reads_certificates_once_for_all_messages_and_threads(ca, made):
    with served(ca) as (port, taken), ThreadPoolExecutor(4) as many:
        assert set(many.map(lambda _: mail(port), range(8))) == {"ok"}
    assert (len(taken), len(made)) == (8, 1)


def test_what_is_lent_checks_the_certificate_and_the_name(ca, made):
    with served(ca) as (port, _):
        mail(port)
    (context,) = made
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_channel_that_checks_nothing_weakens_no_other(ca, made, tmp_path):
    stranger = make_ca(tmp_path / "stranger")
    with served(stranger) as (port, taken):
        assert mail(port) == "untrusted"
        assert mail(port, "&verify=no") == "ok"
        assert mail(port) == "untrusted"
    assert len(taken) == 1
    lent, own = made
    assert (lent.verify_mode, lent.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (own.verify_mode, own.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize("renew", ["another file", "the same file"])
def test_a_change_in_what_this_machine_trusts_is_seen_at_once(
    ca, made, tmp_path, monkeypatch, renew
):
    new = make_ca(tmp_path / "new")
    with served(ca) as (old_port, _), served(new) as (port, _):
        assert (mail(old_port), mail(port)) == ("ok", "untrusted")
        if renew == "another file":
            monkeypatch.setenv("SSL_CERT_FILE", str(new.root))
        else:
            ca.root.write_bytes(new.root.read_bytes() + b"\n")
        assert (mail(old_port), mail(port)) == ("untrusted", "ok")
    assert len(made) == 2


def test_certificates_are_read_again_every_hundred_messages(ca):
    trust = Trust()
    first = trust.context()
    assert all(trust.context() is first for _ in range(LENDINGS - 1))
    assert trust.context() is not first


def test_a_certificate_file_that_is_gone_trusts_nobody(ca, made, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    with served(ca) as (port, taken):
        assert mail(port) == "untrusted"
    assert taken == []


def test_whoever_changes_what_is_lent_changes_their_own(ca):
    trust = Trust()
    lent = Lent(trust)
    lent.load_verify_locations(str(ca.root))
    lent.minimum_version = ssl.TLSVersion.TLSv1_3
    assert lent.minimum_version is ssl.TLSVersion.TLSv1_3
    assert trust.context().minimum_version is not ssl.TLSVersion.TLSv1_3


def test_the_stand_in_is_ssl_in_all_else(ca):
    stand_in = StandIn(Trust())
    assert stand_in.CERT_NONE is ssl.CERT_NONE
    assert isinstance(stand_in.create_default_context(cafile=str(ca.root)), ssl.SSLContext)
    with pytest.raises(AttributeError):
        _ = stand_in.no_such_name


class Elsewhere:
    """An Apprise that goes about it another way."""

    def __enter__(self):
        return self


@pytest.mark.parametrize("moved", ["the class is gone", "the class asks elsewhere", "no ssl there"])
def test_when_the_place_has_moved_nothing_is_replaced(monkeypatch, moved):
    if moved == "the class is gone":
        monkeypatch.delattr(smtp, "AppriseSMTPController")
    monkeypatch.setitem(vars(smtp), "ssl", ssl)
    if moved == "the class asks elsewhere":
        monkeypatch.setattr(smtp, "AppriseSMTPController", Elsewhere)
    if moved == "no ssl there":
        monkeypatch.delitem(vars(smtp), "ssl")
    assert not lend_certificates()
    assert vars(smtp).get("ssl", ssl) is ssl


def test_without_the_stand_in_mail_goes_as_safely_as_apprise_sends_it(ca, monkeypatch, tmp_path):
    monkeypatch.setitem(vars(smtp), "ssl", ssl)
    monkeypatch.setattr(secure, "lend_certificates", lambda: False)
    with served(ca) as (port, _), served(make_ca(tmp_path / "stranger")) as (other, taken):
        assert (mail(port), mail(other)) == ("ok", "untrusted")
    assert taken == []
