"""What a provider's error codes mean, read from the table beside its channel (`<kind>.yml`).

classes:
  throttled: {facts: {throttled: true}, codes: [130429]}
  unknown: {facts: {retryable: true, tries: 3}, codes: []}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.yaml_read import read_yaml
from channels.errors import SendError


class ErrorCodes:
    """A provider's error codes, classed by what to do; see SendError."""

    def __init__(self, facts: Mapping[str, Mapping[str, Any]], unknown: Mapping[str, Any]) -> None:
        self._facts = facts
        self._unknown = unknown

    @classmethod
    def load(cls, module: str) -> ErrorCodes:
        """Read the table beside a module, whose `__file__` it is given."""
        classes = read_yaml(Path(module).with_suffix(".yml"))["classes"]
        facts = {str(code): each["facts"] for each in classes.values() for code in each["codes"]}
        return cls(facts, classes["unknown"]["facts"])

    def error(self, code: str, retry_after: float = 0.0) -> SendError:
        """What a code in the answer to a send means."""
        return SendError(code=code, retry_after=retry_after, **self._facts.get(code, self._unknown))

    def knows(self, code: str) -> bool:
        """Whether the table has the code."""
        return code in self._facts

    def opted_out(self, code: str) -> bool:
        """Whether the code says that the person stopped us at the provider."""
        return bool(self._facts.get(code, {}).get("opted_out"))
