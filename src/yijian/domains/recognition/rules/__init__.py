"""May what exists stand in for what is about to be ordered? Pure: the same inputs, the same answer."""

from yijian.domains.recognition.rules.decide import assess_candidate, decide

__all__ = ["assess_candidate", "decide"]
