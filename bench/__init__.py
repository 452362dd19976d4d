"""What Yijian does in a second, beside the raw engine in the same run: `make bench` (docs/benchmarks.md)."""
