"""What Grafana and Prometheus are given asks only for metrics that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.desk.test_metrics import GOLDEN

ROOT = Path(__file__).parents[1]
DASHBOARD = json.loads((ROOT / "deploy/grafana/estafette.json").read_text("utf-8"))
RULES = yaml.safe_load((ROOT / "deploy/prometheus/estafette.rules.yml").read_text("utf-8"))
TRIED = yaml.safe_load((ROOT / "deploy/prometheus/estafette.rules.test.yml").read_text("utf-8"))
PAGE = (ROOT / "docs/metrics.md").read_text("utf-8")
# As they are asked for: the samples of a family have names of their own.
ASKED = {
    name: {
        "counter": [f"{name}_total"],
        "histogram": [f"{name}_bucket"],
    }.get(kind, [name])
    for name, kind in GOLDEN
}
EXPRESSIONS = {
    **{panel["title"]: [t["expr"] for t in panel["targets"]] for panel in DASHBOARD["panels"]},
    **{rule["alert"]: [rule["expr"]] for group in RULES["groups"] for rule in group["rules"]},
}


def named(text: str) -> set[str]:
    return set(re.findall(r"\bestafette_\w+", text))


@pytest.mark.parametrize("asked", EXPRESSIONS)
def test_every_metric_that_is_asked_for_exists_with_the_labels_it_is_asked_by(asked):
    told = {sample: name for name, samples in ASKED.items() for sample in samples}
    labels = {name: of for (name, _), of in GOLDEN.items()}
    for expression in EXPRESSIONS[asked]:
        assert named(expression), "a panel or rule asks for something of ours"
        assert named(expression) <= told.keys()
        for sample, selector in re.findall(r"(estafette_\w+)\{([^}]*)\}", expression):
            by = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', selector)) - {"job"}
            assert by <= labels[told[sample]]
        for grouped in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
            wanted = {word.strip() for word in grouped.split(",")}
            assert any(wanted <= labels[told[s]] for s in named(expression))


def test_the_dashboard_is_one_that_grafana_takes():
    assert DASHBOARD["schemaVersion"] >= 39, "that of Grafana 11"
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in DASHBOARD["panels"]:
        assert panel["type"] in {"stat", "timeseries"}
        assert panel["title"].endswith("?"), "one panel answers one question"
        assert panel["description"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
    assert not overlapping([panel["gridPos"] for panel in DASHBOARD["panels"]])


def overlapping(places: list[dict[str, int]]) -> bool:
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"])
             for y in range(p["y"], p["y"] + p["h"])]  # fmt: skip
    return len(set(cells)) != len(cells)


def test_every_metric_is_on_the_dashboard():
    shown = {name for panel in DASHBOARD["panels"] for t in panel["targets"]
             for name in named(t["expr"])}  # fmt: skip
    told = {samples[0] for name, samples in ASKED.items() if not name.endswith("_gsum")}
    assert told - shown == set()


def test_every_rule_says_how_bad_it_is_and_what_to_do():
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"critical", "warning"}
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["description"]


def test_every_rule_is_tried_until_it_comes_and_at_a_moment_at_which_it_does_not_yet():
    asked = [one for test in TRIED["tests"] for one in test["promql_expr_test"]]
    comes = {rule for one in asked if "exp_samples" in one for rule in tried(one["expr"])}
    waits = {rule for one in asked if "exp_samples" not in one for rule in tried(one["expr"])}
    assert comes == waits == {rule["alert"] for group in RULES["groups"] for rule in group["rules"]}


def tried(expression: str) -> list[str]:
    return re.findall(r'alertname="(\w+)"', expression)


def test_prometheus_takes_the_rules_and_each_comes_when_it_should():
    assert promtool("check", "estafette.rules.yml") == 0
    assert promtool("test", "estafette.rules.test.yml") == 0


def test_prometheus_understands_every_question_of_the_dashboard(tmp_path):
    asked = [t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"]]
    filled = [one.replace("$job", ".*").replace("$__rate_interval", "1m") for one in asked]
    recorded = [{"record": f"asked:{n}", "expr": one} for n, one in enumerate(filled)]
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": recorded}]}))
    assert promtool("check", str(file)) == 0


def promtool(verb: str, file: str) -> int:
    if not (program := shutil.which("promtool")):
        pytest.skip("no promtool here: it comes with Prometheus")
    command = [program, verb, "rules", file]
    return subprocess.run(command, cwd=ROOT / "deploy/prometheus", check=False).returncode


def test_the_page_about_metrics_explains_every_metric_and_every_rule():
    told = {samples[0] for samples in ASKED.values()} | {name for name, _ in GOLDEN}
    assert {name for name in told if name not in PAGE} == set()
    assert named(PAGE) <= told | {"estafette_deliveries"}
    rules = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]
    assert [name for name in rules if f"`{name}`" not in PAGE] == []


def test_the_page_says_what_each_finding_of_the_audit_means():
    from casework.rounds import FINDINGS

    assert [check for check in FINDINGS if f"| `{check}` |" not in PAGE] == []
