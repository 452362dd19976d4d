"""What Yijian does in a second, measured against the raw engine in the same run: `make bench` (docs/benchmarks.md)."""
