"""`cds.*`: order-sign of CDS Hooks with twenty drafted orders, beside the same question in our own JSON.

Callers sign with the two algorithms the standard names, ES384 and RS384; ES384 takes longer to verify.
"""

import time
from collections.abc import Mapping, Sequence
from statistics import median
from uuid import uuid4

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from bench.figures import Figure, of_runs, rounded
from bench.history import ITEMS, History
from bench.hospital import RECEIVER, get_token, question, register_his
from bench.http_load import Job, Outcome
from bench.installation import Installation, say
from bench.match import CONNECTIONS, PATH, ask, ratios
from bench.processes import serving
from yijian.demo.laboratory import items_by_code
from yijian.demo.people import Resident

__all__ = ["measure"]

RUNS = 5
SECONDS = 6
CLIENT = "bench-cds"
ISSUER = "https://his.example/bench"
SERVICE = "/cds-services/recognition-order-sign"
TOKENS = 5000
"""Signed before each run; each serves once."""


Keys = Mapping[str, ECKey | RSAKey]
"""By algorithm, which is also the `kid`."""


def measure(installation: Installation, past: History) -> Sequence[Figure]:
    """Measure both doors in turns."""
    keys: Keys = {
        "ES384": ECKey.generate_key("P-384", {"kid": "ES384"}),
        "RS384": RSAKey.generate_key(2048, {"kid": "RS384"}),
    }
    register_his(CLIENT, issuer=ISSUER, jwks={"keys": [key.as_dict(private=False) for key in keys.values()]})
    secret = register_his()
    with serving(installation, "serve") as ports:
        port = ports["serve"]
        json = Job("127.0.0.1", port, PATH, [get_token(port, secret)], CONNECTIONS, SECONDS, [], len(ITEMS))
        json = msgspec.structs.replace(json, bodies=[_text(question(each)) for each in past.residents])
        calls = [_text(call(resident)) for resident in past.residents]
        hooks = msgspec.structs.replace(json, path=SERVICE, bodies=calls, counted="cards")
        size = len(calls[0].encode())
        outcomes = _take_turns(json, hooks, keys)
    return _figures(outcomes, size)


def _take_turns(json: Job, hooks: Job, keys: Keys) -> dict[str, list[Outcome]]:
    """Return what came of each run, by algorithm; under `json` what came of the same question there."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in ("json", *keys)}
    for number in range(RUNS + 1):
        turn = {"json": ask(json, number)}
        for algorithm, key in keys.items():
            tokens = _sign(key, algorithm, f"http://{hooks.host}:{hooks.port}{hooks.path}")
            turn[algorithm] = ask(msgspec.structs.replace(hooks, tokens=tokens), number)
        if number:
            for name, outcome in turn.items():
                outcomes[name].append(outcome)
            say(
                f"run {number}: {', '.join(f'{name} {each.per_second:.0f}/s' for name, each in turn.items())}"
            )
    return outcomes


def _sign(key: ECKey | RSAKey, algorithm: str, audience: str) -> list[str]:
    issued = int(time.time())
    claims = {"iss": ISSUER, "aud": audience, "iat": issued, "exp": issued + 300}
    header = {"alg": algorithm, "kid": algorithm, "typ": "JWT"}
    return [
        jwt.encode(header, claims | {"jti": str(uuid4())}, key, algorithms=[algorithm]) for _ in range(TOKENS)
    ]


def _text(document: object) -> str:
    return msgspec.json.encode(document).decode()


def call(resident: Resident) -> dict[str, object]:
    """Return a call as an order system makes it: patient and encounter prefetched, twenty drafts."""
    number = resident.local_number(RECEIVER)
    return {
        "hook": "order-sign",
        "hookInstance": str(uuid4()),
        "context": {
            "userId": "Practitioner/2041",
            "patientId": number,
            "encounterId": f"V{number}",
            "draftOrders": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": _draft(code, n, number)} for n, code in enumerate(ITEMS, start=1)],
            },
        },
        "prefetch": {"patient": _patient(resident, number), "encounter": _encounter(number)},
    }


def _draft(item_code: str, n: int, number: str) -> dict[str, object]:
    name = items_by_code()[item_code].name_zh
    return {
        "resourceType": "ServiceRequest",
        "id": f"draft-{number}-{n}",
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/ServiceRequest"]},
        "identifier": [{"system": f"urn:yijian:order:{RECEIVER}", "value": f"{number}-{n}"}],
        "status": "draft",
        "intent": "order",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}],
        "priority": "routine",
        "code": {
            "coding": [{"system": "urn:yijian:item", "code": item_code, "display": name}],
            "text": name,
        },
        "subject": {"reference": f"Patient/{number}"},
        "encounter": {"reference": f"Encounter/V{number}"},
        "requester": {"reference": "Practitioner/2041", "display": "周平"},
    }


def _patient(resident: Resident, number: str) -> dict[str, object]:
    return {
        "resourceType": "Patient",
        "id": number,
        "identifier": [
            {"system": "urn:oid:2.16.156.10011.1.3", "value": resident.resident_id},
            {"system": f"urn:yijian:mrn:{RECEIVER}", "value": number},
        ],
        "name": [{"use": "official", "text": resident.name}],
        "gender": resident.sex,
        "birthDate": resident.birth_date.isoformat(),
        "telecom": [{"system": "phone", "value": resident.phone}],
    }


def _encounter(number: str) -> dict[str, object]:
    return {
        "resourceType": "Encounter",
        "id": f"V{number}",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{number}"},
        "identifier": [{"system": f"urn:yijian:visit:{RECEIVER}", "value": f"V{number}"}],
    }


def _figures(outcomes: Mapping[str, Sequence[Outcome]], size: int) -> Sequence[Figure]:
    rates = {name: [each.per_second for each in runs] for name, runs in outcomes.items()}
    against = (
        f"the same question as JSON ({PATH}), {CONNECTIONS} connections, in turns:"
        f" {rounded(median(rates['json']))}/s; order-sign of {size} bytes:"
        f" {rounded(median(rates['ES384']))}/s signed with ES384,"
        f" {rounded(median(rates['RS384']))}/s signed with RS384"
    )
    return (
        of_runs("cds.vs_json", "ratio", ratios(rates["ES384"], rates["json"]), goal=0.7, against=against),
        of_runs("cds.vs_json_rs384", "ratio", ratios(rates["RS384"], rates["json"]), against=against),
        of_runs("cds.rate", "1/s", rates["ES384"], against=against),
    )
