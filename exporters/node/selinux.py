"""Whether SELinux is in force, from its file system."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import NodeOptions


def families(enforce: str | None, policy_version: str | None) -> list[Family]:
    """From the texts of its files, None where they are missing: SELinux is off then."""
    found = [reading.gauge("node_selinux_enabled", "Whether SELinux is on.", float(enforce is not None))]
    if enforce is not None:
        found.append(reading.gauge("node_selinux_current_mode", "1 if SELinux is in force, else 0.", float(enforce)))
        if policy_version is not None:
            help_ = "The version of the policies."
            found.append(reading.gauge("node_selinux_policy_version", help_, float(policy_version)))
    return found


def read(options: NodeOptions) -> list[Family]:
    folder = options.sysfs / "fs/selinux"
    return families(reading.text_or_none(folder / "enforce"), reading.text_or_none(folder / "policyvers"))
