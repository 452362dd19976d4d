"""Hot SQL lives in files beside the code that runs it; `$1` placeholders, so both drivers can run them."""

from functools import cache
from importlib.resources import files

__all__ = ["read_sql"]


@cache
def read_sql(package: str, name: str) -> str:
    """Return the text of `sql/<name>.sql` of a package."""
    return (files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")
