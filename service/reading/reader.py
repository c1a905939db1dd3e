"""All rules on one training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.reading.finding import Finding, NotJudgedError, Rule
from service.reading.rules import RULES
from service.reading.training import MIN_STEPS, Training

HEALTHY_RULE = "None of the rules that warn found anything, and there were enough steps to judge by."


@dataclass(frozen=True)
class Reading:
    """What was found.

    Attributes:
        verdict: the code of the gravest finding; ``healthy``, or ``too_early``.
        findings: rules with what they found, the gravest first.
        judged: codes of the rules that could judge.
        not_judged: codes of those that could not, with the reason.
    """

    verdict: str
    title: str
    message: str
    findings: list[tuple[Rule, Finding]]
    judged: list[str]
    not_judged: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "title": self.title,
            "message": self.message,
            "findings": [
                {
                    "code": rule.code,
                    "title": rule.title,
                    "severity": rule.severity,
                    "message": found.message,
                    "rule": rule.text,
                    "evidence": found.evidence,
                    "since_step": found.since,
                    "try": list(found.advice),
                }
                for rule, found in self.findings
            ],
            "rules": [
                {
                    "code": rule.code,
                    "title": rule.title,
                    "rule": rule.text,
                    "judged": rule.code in self.judged,
                    "reason": self.not_judged.get(rule.code),
                }
                for rule in RULES
            ],
        }


def read(training: Training) -> Reading:
    """Judge a training by every rule that can judge it."""
    if not training.is_long_enough and not training.diverged:
        few = f"{len(training.steps)} of {MIN_STEPS} steps"
        reason = f"Too early: {few}."
        return Reading(
            "too_early",
            "Too early to say",
            f"There are {few} that a reading takes.",
            [],
            [],
            {rule.code: reason for rule in RULES},
        )
    findings: list[tuple[Rule, Finding]] = []
    judged: list[str] = []
    not_judged: dict[str, str] = {}
    for rule in RULES:
        if not training.is_long_enough and rule.code != "diverging":
            not_judged[rule.code] = f"Too early: {len(training.steps)} of {MIN_STEPS} steps."
            continue
        try:
            found = rule.judge(training)
        except NotJudgedError as error:
            not_judged[rule.code] = str(error)
            continue
        judged.append(rule.code)
        if found:
            findings.append((rule, found))
    gravest = next(((rule, found) for rule, found in findings if rule.severity != "info"), None)
    if gravest:
        rule, found = gravest
        return Reading(rule.code, rule.title, found.message, findings, judged, not_judged)
    message = HEALTHY_RULE
    if findings:
        message = f"{findings[0][1].message} Otherwise: {HEALTHY_RULE[0].lower()}{HEALTHY_RULE[1:]}"
    return Reading("healthy", "Healthy", message, findings, judged, not_judged)
