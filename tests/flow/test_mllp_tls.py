"""MLLP over TLS: nobody without a certificate of the region's authority, nobody in another's name."""

import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from django.core.exceptions import ValidationError

from tests.flow.certificates import Authority, Identity
from tests.flow.conftest import Register
from tests.flow.messages import oru
from tests.flow.mllp import Engine, RunningListener, code_of, field, listening
from yijian.config.environment import IncompleteConfiguration, read_environment
from yijian.dataplane.certificates import server_context
from yijian.dataplane.settings import MllpTls
from yijian.foundation.errors import CannotGoOn
from yijian.foundation.inbox.models import InboxMessage, Sender

Client = Callable[..., ssl.SSLContext]
NEEDED = {
    "YIJIAN_DATABASE_URL": "postgresql://none@127.0.0.1:1/none",
    "YIJIAN_SECRET_KEY": "s" * 40,
    "YIJIAN_FIELD_KEY": "A" * 43 + "=",
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "region")


@pytest.fixture
def tls(authority: Authority) -> MllpTls:
    ours = authority.issue("platform", x509.IPAddress(ip_address("127.0.0.1")))
    return MllpTls(0, ours.certificate_file, ours.key_file, authority.file)


@pytest.fixture
def listener(database_url: str, committed_db: None, tls: MllpTls) -> Iterator[RunningListener]:
    with listening(database_url, tls) as running:
        yield running


@pytest.fixture
def client(authority: Authority) -> Client:
    """Return what makes the TLS side of a sender that trusts the region's authority."""

    def make(identity: Identity | None, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=authority.file)
        context.maximum_version = most
        if identity:
            context.load_cert_chain(identity.certificate_file, identity.key_file)
        return context

    return make


def connect(listener: RunningListener, context: ssl.SSLContext) -> Engine:
    return Engine(listener.listener.ports[1], tls=context)


def give(facility: str, *names: str) -> None:
    Sender.objects.filter(facility=facility).update(certificates=list(names), addresses=[])


@pytest.mark.parametrize("kind", ["fingerprint", "dns", "uri", "subject"])
def test_takes_sender_by_any_registered_name_of_its_certificate(
    listener: RunningListener, register: Register, authority: Authority, client: Client, kind: str
) -> None:
    alternative = x509.DNSName("LIS.h001.cn") if kind == "dns" else x509.UniformResourceIdentifier("urn:h001")
    hospital = authority.issue("H001", alternative)
    names = {"dns": "dns:lis.h001.cn", "uri": "uri:urn:h001", "subject": "subject:CN=H001"}
    register("H001")
    give("H001", names.get(kind, hospital.fingerprint))
    with connect(listener, client(hospital)) as engine:
        assert engine.socket.version() == "TLSv1.3"  # type: ignore[attr-defined]
        assert code_of(engine.send(oru("1"))) == "AA"


def test_takes_tls_1_2(
    listener: RunningListener, register: Register, authority: Authority, client: Client
) -> None:
    hospital = authority.issue("H001")
    register("H001")
    give("H001", hospital.fingerprint)
    with connect(listener, client(hospital, ssl.TLSVersion.TLSv1_2)) as engine:
        assert code_of(engine.send(oru("1"))) == "AA"


def test_refuses_whatever_is_older_than_tls_1_2(tls: MllpTls) -> None:
    assert server_context(tls).minimum_version == ssl.TLSVersion.TLSv1_2


def test_refuses_another_institutions_certificate(
    listener: RunningListener, register: Register, authority: Authority, client: Client
) -> None:
    hospital, other = authority.issue("H001"), authority.issue("H002")
    for facility, identity in (("H001", hospital), ("H002", other)):
        register(facility)
        give(facility, identity.fingerprint)
    with connect(listener, client(other)) as engine:
        answer = engine.send(oru("1", facility="H001"))
        assert code_of(answer) == "AR"
        assert field(answer, "ERR", 2).startswith("MSH^1^4")
        assert code_of(engine.send(oru("2", facility="H002"))) == "AA"
    refused = InboxMessage.objects.get(state="refused")
    assert (refused.reason_code, refused.institution_code) == ("sender.address", "")


def test_certificate_counts_over_tls_and_not_the_address(
    listener: RunningListener, register: Register, authority: Authority, client: Client
) -> None:
    register("H001")
    Sender.objects.update(certificates=[authority.issue("H001").fingerprint])
    with connect(listener, client(authority.issue("H002"))) as engine:
        assert code_of(engine.send(oru("1"))) == "AR"
    with Engine(listener.port) as plain:
        assert code_of(plain.send(oru("2"))) == "AA"


def test_sender_of_certificates_alone_is_refused_without_tls(
    listener: RunningListener, register: Register, authority: Authority
) -> None:
    register("H001")
    give("H001", authority.issue("H001").fingerprint)
    with Engine(listener.port) as plain:
        assert code_of(plain.send(oru("1"))) == "AR"


def test_turns_away_certificate_of_another_authority_and_serves_on(
    listener: RunningListener, register: Register, authority: Authority, client: Client, tmp_path: Path
) -> None:
    register("H001")
    give("H001", "subject:CN=H001")
    (tmp_path / "else").mkdir()
    stranger = Authority(tmp_path / "else", "elsewhere").issue("H001")
    for context in (client(stranger), client(None)):
        assert turned_away(listener, context)
    with connect(listener, client(authority.issue("H001"))) as engine:
        assert code_of(engine.send(oru("1"))) == "AA"
    assert InboxMessage.objects.count() == 1


def turned_away(listener: RunningListener, context: ssl.SSLContext) -> bool:
    """Tell whether a connection ends before an answer: TLS 1.3 says so at the first read."""
    try:
        with connect(listener, context) as engine:
            return engine.send(oru("9")) is None
    except (ssl.SSLError, ConnectionError):
        return True


def test_names_whatever_is_missing_of_the_settings(tls: MllpTls) -> None:
    some = {"YIJIAN_MLLP_TLS_PORT": "2576", "YIJIAN_MLLP_TLS_KEY": str(tls.key)}
    with pytest.raises(IncompleteConfiguration, match="YIJIAN_MLLP_TLS_CERT, YIJIAN_MLLP_TLS_CLIENT_CA"):
        read_environment(NEEDED | some)
    assert read_environment(NEEDED).mllp_tls is None


def test_refuses_settings_that_name_no_file(tls: MllpTls) -> None:
    names = ("CERT", "KEY", "CLIENT_CA")
    paths = (tls.certificate, tls.key, tls.key.with_name("nowhere.pem"))
    given = {f"YIJIAN_MLLP_TLS_{name}": str(path) for name, path in zip(names, paths, strict=True)}
    with pytest.raises(IncompleteConfiguration, match="YIJIAN_MLLP_TLS_CLIENT_CA must name"):
        read_environment(NEEDED | given | {"YIJIAN_MLLP_TLS_PORT": "2576"})


def test_says_which_files_do_not_fit(tls: MllpTls, authority: Authority) -> None:
    foreign = authority.issue("other")
    with pytest.raises(CannotGoOn, match="PEM"):
        server_context(MllpTls(0, tls.certificate, foreign.key_file, tls.client_authorities))


@pytest.mark.parametrize("names", [["CN=H001"], ["sha256:AB"], "dns:h001.cn,dns:h002.cn", [7]])
def test_refuses_to_register_names_that_nothing_bears(names: object) -> None:
    with pytest.raises(ValidationError, match="sha256"):
        Sender(facility="X", institution_code="X", certificates=names).full_clean(validate_unique=False)
