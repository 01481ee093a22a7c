#!/usr/bin/python3
"""compare_metrics.py OPENMETRICS PROMETHEUS REPORT: reads both exports of one process with prometheus_client's parsers
(the strict one for OpenMetrics) and compares them with each other and with the JSON report. Prints how many
samples there are; the first difference ends it with exit code 1.
"""
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_parse
from prometheus_client.parser import text_string_to_metric_families as plain_parse

PSEUDO = ("connection", "nagle_stall", "thread_life", "operation", "count")


def read(path, parse):
    with open(path, encoding="utf-8") as file:
        families = list(parse(file.read()))
    samples = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            if key in samples:
                sys.exit("%s: twice: %s" % (path, key))
            samples[key] = sample.value
    return families, samples


def same(what, ours, theirs, margin=0.0):
    if abs(ours - theirs) > margin * max(abs(theirs), 1e-9):
        sys.exit("%s: exported %r, reported %r" % (what, ours, theirs))


def total(samples, name, **labels):
    return sum(value for (found, pairs), value in samples.items()
               if found == name and labels.items() <= dict(pairs).items())


def compare(samples, report):
    for hook in report["hooks"]:
        if hook["name"] in PSEUDO:
            continue
        same("calls of " + hook["name"], total(samples, "strong_calls_total", hook=hook["name"]), hook["calls"])
        same("time of " + hook["name"], total(samples, "strong_call_seconds_total", hook=hook["name"]),
             hook["total_ns"] / 1e9, 1e-9)
        same("errors of " + hook["name"], total(samples, "strong_errors_total", hook=hook["name"]), hook["errors"])
    for part in report["time"]:
        if part["ns"] is not None:
            same("time " + part["class"], total(samples, "strong_time_seconds", part=part["class"]),
                 part["ns"] / 1e9, 1e-9)
    for target in report["targets"]:
        found = total(samples, "strong_call_duration_seconds_count", target=target["target"])
        if found and target["target"] != "(other)":  # theirs is what had no room, ours also what is not named
            same("calls on " + target["target"], found,
                 sum(hook["calls"] for hook in target["hooks"] if hook["name"] not in PSEUDO))
    severities = {"note": 1, "warning": 2, "critical": 3}
    for finding in report["findings"]:
        if finding["state"] == "found":
            same(finding["id"], total(samples, "strong_finding_severity", finding=finding["id"]),
                 severities[finding["severity"]])
    same("allocated", total(samples, "strong_allocated_bytes_total"),
         sum(hook["bytes"] for hook in report["hooks"] if hook["class"] == "memory"))
    same("threads", total(samples, "strong_threads_peak"), report["process"]["threads_peak"])


def main():
    open_families, open_samples = read(sys.argv[1], open_parse)
    plain_families, plain_samples = read(sys.argv[2], plain_parse)
    if open_samples != plain_samples:
        sys.exit("the two formats differ: %s" % sorted(set(open_samples.items()) ^ set(plain_samples.items()))[:3])
    for family in open_families:
        if not family.documentation:
            sys.exit("%s has no help" % family.name)
    if any(family.type == "info" for family in plain_families):
        sys.exit("0.0.4 has no type info")
    with open(sys.argv[3], encoding="utf-8") as file:
        compare(open_samples, json.load(file))
    print(len(open_samples))


main()
