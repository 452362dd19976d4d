"""`python -m bench [prefix]`: measure what is named so; figures go to stdout, everything else to stderr."""

import importlib
import sys

from bench.history import analyse, make_history
from bench.installation import installed

__all__ = ["GROUPS", "main"]

GROUPS = ("oru", "cds", "match")
"""A group is the part of its figures' names before the point, and a module here that has `measure`.

They share one installation and run in this order; the last lets its past grow.
"""


def chosen(prefix: str) -> list[str]:
    """Return the groups that hold figures whose names begin with `prefix`."""
    return [group for group in GROUPS if f"{group}.".startswith(prefix) or prefix.startswith(f"{group}.")]


def main(arguments: list[str]) -> int:
    prefix = arguments[0] if arguments else ""
    groups = chosen(prefix)
    if not groups:
        print(f"No figure's name begins with {prefix!r}; groups: {', '.join(GROUPS)}.", file=sys.stderr)
        return 2
    with installed() as installation:
        past = make_history()
        analyse()
        for group in groups:
            for figure in importlib.import_module(f"bench.{group}").measure(installation, past):
                if figure.name.startswith(prefix):
                    print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
