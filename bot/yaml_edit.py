"""Changes single values in a YAML file and leaves every other character of it as it is.

A file is data that people write, with comments, order and line breaks that mean something to them.
So a value is replaced where it stands; nothing is written anew by a YAML library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from bot.errors import PackError
from bot.yaml_read import SAFE_LOADER

Keys = tuple[str | int, ...]
Value = str | bool

_BOM = "\ufeff"
# What may stand without quotes in any place, whatever follows: letters first, then nothing that YAML reads.
_PLAIN = re.compile(
    r"[^\W\d_][^\x00-\x1f:#,\[\]{}\"'\\&*!|>%@`\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]*(?<!\s)"
)
_WORDS_OF_YAML = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ESCAPED = re.compile(r"[\\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def edited(source: str, changes: Mapping[Keys, Value], file: str) -> str:
    """The text of a YAML file with other values under some keys.

    A key that is missing from a mapping is added to it as its first one. Raises PackError, with the
    name `file`, where the keys lead to no value.
    """
    bom, text = (_BOM, source[1:]) if source.startswith(_BOM) else ("", source)
    root = yaml.compose(text, Loader=SAFE_LOADER)
    pieces = sorted(_piece(root, text, keys, value, file) for keys, value in changes.items())
    result, done = [], 0
    for start, end, words in pieces:
        result += [text[done:start], words]
        done = end
    return bom + "".join(result) + text[done:]


def _piece(root: yaml.Node | None, text: str, keys: Keys, value: Value, file: str) -> tuple[int, int, str]:
    """Where a change begins and ends, and what is to stand there."""
    parent = _find(root, keys[:-1], file)
    node = _child(parent, keys[-1])
    if isinstance(node, yaml.ScalarNode):
        end = node.end_mark.index
        block = node.style in ("|", ">")
        return (
            node.start_mark.index,
            end,
            _scalar(value, node) + ("\n" if block and text[:end].endswith("\n") else ""),
        )
    if node is not None or not isinstance(parent, yaml.MappingNode) or not parent.value:
        raise PackError(file, parent.start_mark.line + 1, f"no value {keys[-1]}", "Export the texts again.")
    first = parent.value[0][0].start_mark
    written = f"{keys[-1]}: {_scalar(value, None)}"
    apart = ", " if parent.flow_style else "\n" + " " * first.column
    return first.index, first.index, written + apart


def _find(node: yaml.Node | None, keys: Sequence[str | int], file: str) -> yaml.Node:
    for key in keys:
        node = _child(node, key)
    if node is None:
        raise PackError(file, 1, f"nothing under {'/'.join(map(str, keys))}", "Export the texts again.")
    return node


def _child(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        child: yaml.Node = node.value[key]
        return child
    return None


def _scalar(value: Value, before: yaml.ScalarNode | None) -> str:
    """The value as YAML, quoted as the one before it where that is possible."""
    if isinstance(value, bool):
        return "true" if value else "false"
    unquoted = before is not None and not before.style and _PLAIN.fullmatch(value)
    if unquoted and value.lower() not in _WORDS_OF_YAML:
        return value
    if before is not None and before.style == "'" and not _ESCAPED.search(value.replace('"', "")):
        return "'" + value.replace("'", "''") + "'"
    return '"' + _ESCAPED.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    letter = match[0]
    return _ESCAPES.get(letter) or f"\\u{ord(letter):04X}"
