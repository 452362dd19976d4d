"""What stops a process of ours from the outside: configuration, keys, database."""

__all__ = ["CannotGoOn"]


class CannotGoOn(Exception):
    """Start-up or shut-down stops; the text is one sentence that says what is wrong and what to do."""
