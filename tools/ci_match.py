"""Ask a running demo what its patients' stories promise, as a hospital would; needs Python alone.

python tools/ci_match.py HOME/demo.json
"""

import base64
import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def main(path: str) -> int:
    """Return 0 if every demo patient's match answers as expected."""
    demo = json.loads(Path(path).read_text(encoding="utf-8"))
    clients = {client["institution_code"]: client for client in demo["clients"]}
    failures = 0
    for patient in demo["patients"]:
        client = clients[patient["try"]["institution_code"]]
        token = fetch_token(demo["base_url"], client)
        answer = call(
            f"{demo['base_url']}/api/v1/recognition/match", json.dumps(question(patient)), f"Bearer {token}"
        )
        outcome, expected = answer["items"][0]["outcome"], patient["try"]["expect"]
        print(
            f"{patient['story_code']}: {outcome}" + ("" if outcome == expected else f", expected {expected}")
        )
        failures += outcome != expected
    return 1 if failures or not demo["patients"] else 0


def fetch_token(base_url: str, client: Json) -> str:
    """Return an access token by the client credentials grant."""
    pair = ":".join(urllib.parse.quote(client[name], safe="") for name in ("client_id", "client_secret"))
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": " ".join(client["scopes"])})
    answer = call(f"{base_url}/oauth/token", form, f"Basic {base64.b64encode(pair.encode()).decode()}")
    token: str = answer["access_token"]
    return token


def question(patient: Json) -> Json:
    """Return the match request of a patient's story."""
    attempt = patient["try"]
    asked: Json = {
        "patient": {
            "identifiers": [{"type": "resident_id", "value": patient["resident_id"]}],
            **{name: patient[name] for name in ("name", "sex", "birth_date")},
        },
        "encounter": {"type": attempt["encounter_type"], "number": "CI-1"},
        "purpose": attempt["purpose"],
        "items": attempt["items"],
    }
    if attempt["authorisation"]:
        asked["authorisation"] = attempt["authorisation"]
    return asked


def call(url: str, body: str, authorization: str) -> Json:
    """Send JSON, or a form where the body is one, and return the JSON that comes back."""
    media_type = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
    headers = {"Authorization": authorization, "Content-Type": media_type}
    request = urllib.request.Request(url, body.encode(), headers)  # noqa: S310 - the address is the demo's own
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        answer: Json = json.load(response)
        return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
