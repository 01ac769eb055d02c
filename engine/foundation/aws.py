"""Who asks AWS, and where: what a configuration says, or what AWS' own programs would find.

Keys are those of the configuration, else those of the environment (`AWS_ACCESS_KEY_ID`, ...), else those of the profile
in `~/.aws/credentials`; the region likewise.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

from engine.foundation.errors import RemoteError
from engine.foundation.sigv4 import Credentials


class AwsError(RemoteError):
    """There are no keys, or no region."""


def credentials(access_key: str, secret_key: str, profile: str) -> Credentials:
    """Empty texts are not given. Raises AwsError."""
    if access_key:
        return Credentials(access_key, secret_key)
    if not profile and os.environ.get("AWS_ACCESS_KEY_ID"):
        get = os.environ.get
        return Credentials(get("AWS_ACCESS_KEY_ID", ""), get("AWS_SECRET_ACCESS_KEY", ""), get("AWS_SESSION_TOKEN", ""))
    kept = _profile("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile)
    if not kept.get("aws_access_key_id"):
        raise AwsError("could not get SigV4 credentials: neither config, environment nor profile has keys")
    return Credentials(
        kept["aws_access_key_id"], kept.get("aws_secret_access_key", ""), kept.get("aws_session_token", "")
    )


def region(given: str, profile: str) -> str:
    """Raises AwsError."""
    found = given or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    found = found or _profile("AWS_CONFIG_FILE", "config", profile).get("region")
    if not found:
        raise AwsError("region not configured in sigv4 or in default credentials chain")
    return found


def _profile(variable: str, name: str, profile: str) -> Mapping[str, str]:
    """A section of AWS' files; in `config` it is written `profile NAME`."""
    path = Path(os.environ.get(variable) or Path.home() / ".aws" / name)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise AwsError(f"{path}: can't be read: {error}") from None
    wanted = profile or os.environ.get("AWS_PROFILE") or "default"
    section = next((one for one in (wanted, f"profile {wanted}") if parser.has_section(one)), None)
    return dict(parser[section]) if section else {}
