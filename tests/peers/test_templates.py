"""The templates of `tests/gotemplate` once more, this time answered by amtool and promtool themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.template import Mode, TemplateSet
from tests.gotemplate.notification import DATA_FILE, notification
from tests.gotemplate.prometheus_cases import CASES, SERIES
from tests.gotemplate.test_recorded import recorded

pytestmark = pytest.mark.peer

needs_amtool = pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed")
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def amtool(files: Path, mode: Mode, template: str) -> dict[str, str]:
    done = subprocess.run(
        [
            "amtool",
            "template",
            "render",
            "--template.glob",
            str(files),
            "--template.type",
            mode.value,
            f"--template.text={template}",
            "--template.data",
            str(DATA_FILE),
        ],
        capture_output=True,
        check=False,
        timeout=30,
    )
    if done.returncode:
        return {"error": done.stderr.decode(errors="replace").removeprefix("amtool: error: ").removesuffix("\n\n")}
    return {"output": done.stdout.decode(errors="replace")}


@needs_amtool
@pytest.mark.parametrize("mode", Mode)
def test_amtool_still_answers_what_was_recorded(mode: Mode, tmp_path: Path) -> None:
    empty = tmp_path / "empty.tmpl"
    empty.write_text("")
    cases = recorded(mode)
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda case: amtool(empty, mode, case["template"]), cases)
    for case, answer in zip(cases, answers, strict=True):
        assert {"template": case["template"], **answer} == case


@needs_amtool
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", ["email.default.subject", "email.default.html"])
def test_the_guides_email_is_amtools(mode: Mode, name: str, guide: Path) -> None:
    file = guide / "monorepo/alertmanager/templates/email.tmpl"
    templates = TemplateSet(ALERTMANAGER, mode=mode)
    templates.add(file.name, file.read_text())
    text = f'{{{{ template "{name}" . }}}}'
    assert amtool(file, mode, text) == {"output": templates.execute(text, notification())}


@needs_promtool
def test_promtool_expands_annotations_alike(tmp_path: Path) -> None:
    fields = {f"f{at:02d}": text for at, (text, _) in enumerate(CASES)}
    expected = {f"f{at:02d}": text for at, (_, text) in enumerate(CASES)}
    rule = {"alert": "A", "expr": 'up{job="a"} == 0', "annotations": fields}
    alert = {"exp_labels": {"job": "a", "instance": "x.example.com:80"}, "exp_annotations": expected}
    test = {
        "input_series": [{"series": series, "values": value} for series, value in SERIES.items()],
        "alert_rule_test": [{"eval_time": "0m", "alertname": "A", "exp_alerts": [alert]}],
    }
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}))
    (tmp_path / "test.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
