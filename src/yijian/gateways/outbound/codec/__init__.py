"""What is said to subscribers: one `Telling` as JSON (`body`) or as HL7 (`oru`). Pure."""

from .body import WebhookBody, webhook_body
from .oru import acknowledged, oru
from .telling import Coded, Reported, Telling

__all__ = ["Coded", "Reported", "Telling", "WebhookBody", "acknowledged", "oru", "webhook_body"]
