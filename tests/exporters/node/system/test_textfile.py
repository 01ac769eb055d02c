"""Text files that other programs leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporters.exposition.families import Family, MetricType
from exporters.node.machine import Machine
from exporters.node.options import NodeOptions
from exporters.node.system import textfile


def collected(folder: Path | str, **files: str) -> dict[str, Family]:
    for name, text in files.items():
        (Path(folder) / f"{name}.prom").write_text(text)
    return {family.name: family for family in textfile.read(Machine(NodeOptions(textfile_directory=str(folder))))}


def failed(families: dict[str, Family]) -> bool:
    return families["node_textfile_scrape_error"].samples[0].value == 1.0


def test_families_come_with_their_type_and_help(tmp_path: Path) -> None:
    text = '# HELP my_metric A thing.\n# TYPE my_metric gauge\nmy_metric{a="b"} 1\nplain 2\n'
    families = collected(tmp_path, a=text)
    assert (families["my_metric"].type, families["my_metric"].help) == (MetricType.GAUGE, "A thing.")
    assert (families["plain"].type, families["plain"].samples[0].value) == (MetricType.UNTYPED, 2.0)
    assert not failed(families)


def test_without_help_the_files_are_named(tmp_path: Path) -> None:
    families = collected(tmp_path, a="plain 1\n", b='plain{x="y"} 3\n')
    assert families["plain"].help == f"Metric read from {tmp_path}/a.prom, {tmp_path}/b.prom"
    assert [sample.value for sample in families["plain"].samples] == [1.0, 3.0]


def test_histograms_and_summaries_are_families_of_several_samples(tmp_path: Path) -> None:
    text = '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\nother_sum 1\n'
    families = collected(tmp_path, a=text)
    assert [sample.name for sample in families["h"].samples] == ["h_bucket", "h_bucket", "h_sum", "h_count"]
    assert families["other_sum"].type is MetricType.UNTYPED


@pytest.mark.parametrize("text", ["bad{\n", "stamped 1 1000\n", "unended 1"])
def test_a_faulty_file_is_left_out_whole_and_harms_no_other(text: str, tmp_path: Path) -> None:
    families = collected(tmp_path, a="good 1\n", b="fine 1\n" + text)
    assert failed(families)
    assert "good" in families
    assert "fine" not in families
    assert [dict(s.labels)["file"] for s in families["node_textfile_mtime_seconds"].samples] == [f"{tmp_path}/a.prom"]


def test_a_family_of_two_types_keeps_the_first(tmp_path: Path) -> None:
    families = collected(tmp_path, a="# TYPE x gauge\nx 1\n", b="good 1\n# TYPE x counter\nx 2\n")
    assert failed(families)
    assert "good" not in families
    assert [sample.value for sample in families["x"].samples] == [1.0]


def test_the_folder_may_be_a_pattern(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.prom").write_text(f"from_{name} 1\n")
    assert {"from_one", "from_two"} <= set(collected(f"{tmp_path}/*"))


def test_a_folder_that_is_missing_is_an_error_and_none_at_all_is_not(tmp_path: Path) -> None:
    assert failed(collected(tmp_path / "nowhere"))
    assert not failed(collected(""))


def test_other_files_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "x.prom.tmp").write_text("nonsense{")
    assert not failed(collected(tmp_path))
