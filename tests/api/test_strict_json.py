import json
import time

import pytest

from service.api.strict_json import read_json
from service.errors import InvalidJson

BAD = {
    "key given twice": b'{"beta": 0.1, "beta": 9}',
    "key given twice, deeper": b'[{"a": {"b": 1, "b": 1}}]',
    "NaN": b"[NaN]",
    "Infinity": b"[-Infinity]",
    "number beyond doubles": b"[1e999]",
    "negative number beyond doubles": b"[-1e999]",
    "5,000 digits": b"[" + b"9" * 5000 + b"]",
    "100,000 brackets": b"[" * 100_000,
    "closed brackets": b"[" * 50_000 + b"]" * 50_000,
    "lone surrogate": b'["\\ud800"]',
    "lone surrogate as a key": b'{"\\udfff": 1}',
    "NUL": b'["a\\u0000b"]',
    "noncharacter": b'["\\ufffe"]',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a": 1}'.encode("utf-16-le"),
    "Latin-1": b'["caf\xe9"]',
    "cut off": b'{"a": [1, 2',
    "two values": b"{} {}",
    "nothing": b"",
    "blanks": b"   ",
    "single quotes": b"{'a': 1}",
    "comment": b"{} // no",
    "comma at the end": b"[1,]",
    "leading zero": b"[01]",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_can_be_read_in_two_ways_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidJson) as caught:
        read_json(data, 32)
    assert len(caught.value.detail) < 300
    assert caught.value.errors


def test_good_json_is_read_as_the_standard_parser_reads_it() -> None:
    text = '{"a": [1, -2.5e-3, true, null, "\\ud83d\\ude00 \\"[{\\\\"], "b": {"c": {}}, "ü": "[[["}'
    assert read_json(text.encode(), 32) == json.loads(text)
    assert read_json(b"[" * 32 + b"]" * 32, 32)


def test_brackets_within_strings_are_no_depth() -> None:
    assert read_json(json.dumps("[" * 1000 + '\\"').encode(), 2) == "[" * 1000 + '\\"'


def test_a_hostile_string_is_read_in_linear_time() -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidJson):
        read_json(b'"' + b'\\"' * 500_000, 32)
    assert time.perf_counter() - began < 2


def test_the_place_of_a_bad_string_is_named() -> None:
    with pytest.raises(InvalidJson) as caught:
        read_json(b'{"options": {"probes": ["a", "\\u0000"]}}', 32)
    assert caught.value.errors[0].field == "options.probes.1"
