"""What the data plane needs to know of its surroundings; `config.environment.Environment` has it all."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Settings"]


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
