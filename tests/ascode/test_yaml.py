"""The YAML of documents: written as the official tool writes it, read as it reads it, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.ascode.yaml import MAX_BYTES, from_yaml, to_yaml

LONG = "A description with many words that goes on and on, until it is folded at column eighty or so. End."

# What the library of the official tool (js-yaml 4, `quotingType: '"', sortKeys: true`) makes of such values.
WRITTEN: list[tuple[Any, str]] = [
    ({"b": 1, "a": {"z": [], "x": {}}}, "a:\n  x: {}\n  z: []\nb: 1\n"),
    ({"a": [1, {"c": True, "b": None}, [2]]}, "a:\n  - 1\n  - b: null\n    c: true\n  - - 2\n"),
    ({"a": "Yes"}, 'a: "Yes"\n'),
    ({"a": "1:30"}, 'a: "1:30"\n'),
    ({"a": "2026-01-01"}, 'a: "2026-01-01"\n'),
    ({"a": "0x1F"}, 'a: "0x1F"\n'),
    ({"a": ""}, 'a: ""\n'),
    ({"a": "~"}, 'a: "~"\n'),
    ({"a": "no: yes"}, 'a: "no: yes"\n'),
    ({"a": "it's # not"}, 'a: "it\'s # not"\n'),
    ({"a": "it's#not"}, "a: it's#not\n"),
    ({"a": "{x}"}, 'a: "{x}"\n'),
    ({"a": "x, {y} [z]"}, "a: x, {y} [z]\n"),
    ({"a": "tab\there \u00a0 \x1b"}, 'a: "tab\\there \\_ \\e"\n'),
    ({"a": "🎉 ja"}, "a: 🎉 ja\n"),
    ({"a": "one\ntwo\n"}, "a: |\n  one\n  two\n"),
    ({"a": "one\ntwo"}, "a: |-\n  one\n  two\n"),
    ({"a": "one\n\n"}, "a: |+\n  one\n\n"),
    ({"a": "  one\ntwo"}, "a: |2-\n    one\n  two\n"),
    ({"a": LONG}, f"a: >-\n  {LONG[:72]}\n  {LONG[73:]}\n"),
    ({"a": [LONG]}, f"a:\n  - >-\n    {LONG[:72]}\n    {LONG[73:]}\n"),
    ({"a": f"x\n{LONG}\n y"}, f"a: >-\n  x\n\n  {LONG[:72]}\n  {LONG[73:]}\n   y\n"),
    ({"a: b": 1, "yes": 2}, '"a: b": 1\n"yes": 2\n'),
    ({"a": [0.1, -1.5, 1e21, 1e-7, 1.25e-7, 1e20, 3.0]},
     "a:\n  - 0.1\n  - -1.5\n  - 1e+21\n  - 1.e-7\n  - 1.25e-7\n  - 100000000000000000000\n  - 3\n"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_the_bytes_are_those_of_the_official_tool(value: Any, text: str) -> None:
    """A team that changes tools sees no line in git that says the same as before."""
    assert to_yaml(value).decode() == text
    assert from_yaml(text.encode()) == value


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.sampled_from(
    [
        LONG,
        f" {LONG}",
        f"{LONG}\n",
        "\n",
        "\n\n",
        " ",
        "-",
        "- a",
        "? a",
        "a:",
        "#",
        "<<",
        "\ufeff",
        "\u2028x\n",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=4))
def test_whatever_is_written_is_read_again(value: dict[str, Any]) -> None:
    """Any text, any number, at any depth; by our reader, and texts by any other one of YAML 1.1, too."""
    data = to_yaml(value)
    assert from_yaml(data) == value
    texts: Any = {name: text for name, text in value.items() if isinstance(text, str)}
    assert yaml.safe_load(to_yaml(texts)) == texts


def test_words_mean_what_the_official_tool_takes_them_for() -> None:
    """`no`, `on`, `12:30` and dates are texts; `010` is ten."""
    said = b"a: no\nb: on\nc: 12:30\nd: 2026-01-01\ne: 010\nf: 0x1f\ng: 1_000\nh: .5\n1: x\ni: Null\n"
    assert from_yaml(said) == {
        "a": "no", "b": "on", "c": "12:30", "d": "2026-01-01", "e": 10, "f": 31, "g": 1000, "h": 0.5,
        "1": "x", "i": None,
    }  # fmt: skip


BOMB = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)
)
HOSTILE = {
    "a bomb of aliases": (BOMB, "more than 1000000 values"),
    "itself": (b"a: &a [*a]", "nested too deeply"),
    "an object of Python": (b"a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
    "depth": (b"a: " + b"[" * 100_000, "depth"),
    "less depth": (b"a: " + b"[" * 900 + b"]" * 900, "nested too deeply"),
    "no object": (b"- 1", "no object"),
    "nothing": (b"", "no object"),
    "twice": (b"a: 1\nb: 2\na: 3", "the field 'a' stands twice, line 3"),
    "merges": (b"a: &a {b: 1}\nc:\n  <<: *a", "`<<` is not followed"),
    "no text": (b"\xff\xfe\x00", "no YAML"),
    "half a character": (b'a: "\\ud800"', "no YAML"),
    "infinity": (b"a: .inf", "JSON does not have"),
    "a long number": (b"a: " + b"9" * 5000, "too long"),
    "bytes": (b"a: !!binary aGk=", "JSON does not have"),
    "a set": (b"a: !!set {x, y}", "JSON does not have"),
    "names that are lists": (b"? [a]\n: b", "no name"),
    "several documents": (b"a: 1\n---\nb: 2", "another document"),
    "size": (b"a: '" + b"x" * MAX_BYTES + b"'", "larger than 16 MB"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_document_is_refused_in_words(what: str) -> None:
    """Quickly, and with the line where there is one; nothing of it is executed."""
    data, why = HOSTILE[what]
    with pytest.raises(ValueError) as raised:
        from_yaml(data)
    assert why in str(raised.value)
