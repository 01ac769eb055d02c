"""The groups that paths name."""

from __future__ import annotations

import pytest

from engine.remote.pushes.path import PushError, grouping


@pytest.mark.parametrize(
    ("path", "encoded", "wanted"),
    [
        ("some_job", False, {"job": "some_job"}),
        ("a/instance/b/x/", False, {"job": "a", "instance": "b", "x": ""}),
        ("a/path@base64/L3Zhci90bXA", False, {"job": "a", "path": "/var/tmp"}),
        ("a/path@base64/L3Zhci90bXA=", False, {"job": "a", "path": "/var/tmp"}),
        ("a/empty@base64/=", False, {"job": "a", "empty": ""}),
        ("Zm9vL2Jhcg==", True, {"job": "foo/bar"}),
        ("a/job/b", False, {"job": "a"}),
    ],
)
def test_a_path_names_labels(path: str, encoded: bool, wanted: dict[str, str]) -> None:
    assert grouping(path, encoded=encoded) == wanted


@pytest.mark.parametrize(
    ("path", "encoded", "message"),
    [
        ("", False, "job name is required"),
        ("/a/b", False, "job name is required"),
        ("a/b", False, 'odd number of components in label string "/b"'),
        ("a/__x/1", False, 'improper label name "__x"'),
        ("a/b-c/1", False, 'improper label name "b-c"'),
        ("a/b@base64/%%", False, 'invalid base64 encoding for label b="%%": illegal base64 data at input byte 0'),
        ("$", True, 'invalid base64 encoding in job name "$": illegal base64 data at input byte 0'),
    ],
)
def test_another_path_is_refused(path: str, encoded: bool, message: str) -> None:
    with pytest.raises(PushError) as caught:
        grouping(path, encoded=encoded)
    assert str(caught.value) == message
