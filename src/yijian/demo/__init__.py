"""The demonstration region: hospitals and people made by a seed, loaded through the real doors.

`region`, `people`, `reports` and `stories` are pure and deterministic; `load` sends what they say over MLLP
and HTTP; `accounts` lets people and programs in. Every hospital and every patient is invented.
"""
