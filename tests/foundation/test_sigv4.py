"""Signatures as AWS' own documentation works them out."""

from __future__ import annotations

from engine.foundation.sigv4 import Credentials, Scope, signed

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TIME = 1_440_938_160  # 2015-08-30 12:36:00 UTC
URL = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def test_the_documented_example_has_the_documented_signature() -> None:
    headers = signed("GET", URL, KEYS, Scope("us-east-1", "iam", TIME), headers=FORM)
    assert headers["X-Amz-Date"] == "20150830T123600Z"
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_sessions_token_is_signed_too() -> None:
    keys = Credentials(KEYS.access_key, KEYS.secret_key, "session")
    assert set(keys.secrets) == {KEYS.secret_key, "session"}
    headers = signed("GET", URL, keys, Scope("us-east-1", "iam", TIME), headers=FORM)
    assert headers["X-Amz-Security-Token"] == "session"
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token," in headers["Authorization"]
