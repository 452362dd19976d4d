"""What becomes of messages afterwards: replayed by cause, archived, opened again, erased in the end."""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from yijian.foundation.inbox import api, replays, retention
from yijian.foundation.inbox.models import Archive, InboxMessage, Sender
from yijian.foundation.inbox.sealing import seal
from yijian.foundation.storage import ObjectMissing, ObjectStore
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.kit.ids import first_id, new_id

pytestmark = pytest.mark.django_db


def receive(
    raw: bytes = b"MSH|^~\\&\r", *, institution: str = "H1", at: datetime | None = None, **more: Any
) -> UUID:
    at = at or now()
    message_id = UUID(int=first_id(at).int | new_id().int & (1 << 62) - 1)
    row: dict[str, Any] = {
        "state": "refused",
        "reason_code": "101",
        "reason_text": "缺少 PID-3",
        "reason_data": {"place": "PID-3", "zh": "缺少 PID-3", "en": "PID-3 is missing"},
        "facility": institution,
    }
    InboxMessage.objects.create(
        message_id=message_id,
        received_at=at,
        protocol="hl7",
        institution_code=institution,
        control_id=message_id.hex,
        message_type="ORU^R01",
        lane=0,
        raw=seal(raw),
        digest=sha256(raw).digest(),
        **row | more,
    )
    return message_id


def state_of(message_id: UUID) -> str:
    return InboxMessage.objects.values_list("state", flat=True).get(message_id=message_id)


def run_replays() -> None:
    while replays.advance_replays(now=now()):
        pass


def test_causes_are_counted_by_code_and_place_of_ones_own_institution() -> None:
    for _ in range(3):
        receive()
    receive(reason_data={"place": "OBR-3"})
    receive(institution="H2")
    receive(state="recorded", reason_code="")

    causes = [(each.reason_code, each.place, each.number) for each in api.list_causes(["H1"])]

    assert causes == [("101", "PID-3", 3), ("101", "OBR-3", 1)]


def test_replays_all_of_one_cause_and_place_and_tells_what_became_of_them() -> None:
    mine = [receive() for _ in range(replays.PORTION + 3)]
    elsewhere, foreign = receive(reason_data={"place": "OBR-3"}), receive(institution="H2")

    replay_id = api.begin_replay("101", place="PID-3", institution_code="H1", by="li", at=now())
    run_replays()

    run = api.find_replay(replay_id)
    assert run is not None
    assert (run.total, run.replayed, run.skipped) == (len(mine), len(mine), 0)
    assert run.outcomes == {"received": len(mine)}
    assert not run.is_settled
    assert {state_of(elsewhere), state_of(foreign)} == {"refused"}


def test_a_message_that_fails_again_is_not_taken_up_twice_by_the_same_run() -> None:
    message_id = receive()
    replay_id = api.begin_replay("101", by="li", at=now())
    replays.advance_replays(now=now())
    InboxMessage.objects.filter(message_id=message_id).update(state="refused")

    run_replays()

    run = api.find_replay(replay_id)
    assert run is not None
    assert (run.replayed, run.is_settled, run.outcomes) == (1, True, {"refused": 1})


def test_the_same_cause_is_not_replayed_twice_at_once_and_nothing_cannot_be() -> None:
    receive()
    first = api.begin_replay("101", by="li", at=now())

    assert api.begin_replay("101", by="wang", at=now()) == first
    with pytest.raises(Problem, match=r"replay\.nothing"):
        api.begin_replay("102", by="li", at=now())


def test_skips_what_cannot_be_replayed_and_goes_on() -> None:
    receive(institution="", facility="UNKNOWN", reason_code="sender.unknown", reason_data={})
    known = receive(institution="", reason_code="sender.unknown", reason_data={})
    Sender.objects.create(facility="H9", institution_code="H9")
    InboxMessage.objects.filter(message_id=known).update(facility="H9")

    replay_id = api.begin_replay("sender.unknown", by="admin", at=now())
    run_replays()

    run = api.find_replay(replay_id)
    assert run is not None
    assert (run.replayed, run.skipped) == (1, 1)
    assert InboxMessage.objects.get(message_id=known).institution_code == "H9"


# Retention


OLD = timedelta(days=100)


def archive(days: int = 90) -> retention.Archived:
    return retention.archive_messages(now=now(), days=days)


def test_archives_what_is_old_and_settled_and_opens_it_again() -> None:
    old = receive(b"MSH|old", at=now() - OLD, state="recorded")
    young = receive(b"MSH|young", state="recorded")

    done = archive()

    assert (done.messages, done.archives) == (1, 1)
    assert bytes(InboxMessage.objects.get(message_id=old).raw) == b""
    assert api.raw_of(old) == b"MSH|old"
    assert api.get_content(old).archived
    assert not api.get_content(young).archived
    assert archive().messages == 0


@pytest.mark.parametrize("state", ["received", "waiting", "failed"])
def test_never_archives_what_waits(state: str) -> None:
    message_id = receive(b"MSH|waits", at=now() - OLD, state=state)

    assert archive().messages == 0
    assert bytes(InboxMessage.objects.get(message_id=message_id).raw) != b""


def test_manifest_finds_and_verifies_every_message_without_the_database() -> None:
    sent = [b"MSH|%d" % number for number in range(5)]
    for raw in sent:
        receive(raw, at=now() - OLD)
    archive()

    row = Archive.objects.get()
    store = ObjectStore(settings.ENVIRONMENT.storage_url)
    manifest, whole = json.loads(store.get(row.manifest_key)), store.get(row.archive_key)

    from yijian.foundation.inbox.sealing import unseal  # noqa: PLC0415 - as one would by hand

    opened = [unseal(whole[e["offset"] : e["offset"] + e["size"]]) for e in manifest["messages"]]
    assert sorted(opened) == sent
    assert [sha256(raw).hexdigest() for raw in opened] == [e["sha256"] for e in manifest["messages"]]
    assert sent[0] not in whole, "what is archived stays sealed"


def test_parts_archives_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ARCHIVE_BYTES", 3000)
    ids = [receive(bytes([65 + number]) * 1000, at=now() - OLD) for number in range(5)]

    assert archive().archives == 3
    assert [api.raw_of(message_id) for message_id in ids] == [bytes([65 + n]) * 1000 for n in range(5)]


def test_an_archived_message_is_replayed_with_its_content() -> None:
    message_id = receive(b"MSH|again", at=now() - OLD)
    archive()

    api.replay(message_id)

    row = InboxMessage.objects.get(message_id=message_id)
    assert (row.state, row.archive_key) == ("received", "")
    assert api.raw_of(message_id) == b"MSH|again"


def test_erases_an_archive_only_after_the_legal_period_and_keeps_the_fate() -> None:
    message_id = receive(b"MSH|gone", at=now() - OLD)
    archive()
    key = Archive.objects.get().archive_key

    assert retention.erase_archives(now=now(), years=30) == 0
    assert retention.erase_archives(now=now() + timedelta(days=365.25 * 30), years=30) == 1

    assert api.raw_of(message_id) is None
    assert api.find_message(message_id) is not None
    with pytest.raises(ObjectMissing):
        ObjectStore(settings.ENVIRONMENT.storage_url).get(key)
    with pytest.raises(Problem, match=r"message\.erased"):
        api.replay(message_id)
    assert retention.erase_archives(now=now() + timedelta(days=365.25 * 31), years=30) == 0
