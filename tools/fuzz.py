"""`make fuzz`: the fuzz tests over and over with other seeds, until so many examples have been tried."""

import argparse
import os
import random
import subprocess
import sys
import time

MOST_OF_ONE_ROUND = 40_000
ORDINARY_EXAMPLES = 2_200
"""What `make test` tries, about."""


def main() -> int:
    """Run rounds until `--examples` are tried; return 1 at the first failure, its seed on the last line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--examples", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, help="try one round with this seed alone")
    given = options.parse_args()
    if given.seed is not None:
        return run_round(given.seed, min(given.examples, MOST_OF_ONE_ROUND))
    began, tried, of_one_round = time.monotonic(), 0, min(given.examples, MOST_OF_ONE_ROUND)
    while tried < given.examples:
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        if run_round(seed, of_one_round):
            print(f"A failure; see it again by: make fuzz N={of_one_round} SEED={seed}")
            return 1
        tried, seconds = tried + of_one_round, time.monotonic() - began
        print(f"about {tried} of {given.examples} examples, {seconds:.0f} s; passed: seed {seed}", flush=True)
    return 0


def run_round(seed: int, examples: int) -> int:
    """Run every fuzz test once with a seed, on so many examples in all; return pytest's status."""
    words = ["-m", "pytest", "-q", "tests/fuzz", "-p", "no:randomly", f"--hypothesis-seed={seed}"]
    environment = os.environ | {"YIJIAN_FUZZ_FACTOR": str(examples / ORDINARY_EXAMPLES)}
    return subprocess.run(
        [sys.executable, *words, "--show-capture=no"], env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
