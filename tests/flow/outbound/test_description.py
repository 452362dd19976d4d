"""What goes out is described where interfaces are described."""

from django.test import Client


def test_openapi_describes_every_web_hook() -> None:
    document = Client().get("/api/v1/openapi.json").json()
    assert set(document["webhooks"]) == {"recognition.decided", "recognition.cited", "recognition.revoked"}
    operation = document["webhooks"]["recognition.decided"]["post"]
    shape = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert shape == "#/components/schemas/WebhookBody"
    assert "TellingData" in document["components"]["schemas"]
