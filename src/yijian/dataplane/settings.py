"""What the data plane needs to know of its surroundings; `config.environment.Environment` has it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["MllpTls", "Settings"]


class Settings(Protocol):
    @property
    def database_url(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def field_key(self) -> bytes: ...
    @property
    def namespace(self) -> str: ...
    @property
    def demo_open(self) -> bool: ...
    @property
    def allowed_hosts(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class MllpTls:
    """Where to listen, our certificate chain and key, and the authorities that vouch for senders (PEM)."""

    port: int
    certificate: Path
    key: Path
    client_authorities: Path
