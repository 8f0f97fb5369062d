"""From evidence to probability, ownership, decision and gate."""

from checks.score.bounces import hard_bounce
from checks.score.complaints import COMPLAINT_WINDOW, ComplaintHistory
from checks.score.contacts import Scored, score_contacts
from checks.score.decide import DecidedDebtors, decide_contacts, decide_debtors
from checks.score.exposure import EXPOSURE, Exposure, limit_exposure
from checks.score.fit import Learnt, fit_deliverability
from checks.score.fit_owner import (
    ANSWERS,
    OWNER_LESSONS,
    fit_ownership,
    merge_owner_lessons,
    owner_lessons_from,
)
from checks.score.forecast import BouncePrediction, predict_bounces
from checks.score.gate import Force, GateResult, ListHistory, apply_gate, gate_list
from checks.score.law import decision_rules
from checks.score.learning import LEAST_MESSAGES, Foretold, Learning, compare_models, learn_model
from checks.score.lessons import LESSONS, OUTCOMES, lessons_from, merge_lessons
from checks.score.lots import Lots
from checks.score.model import Loss, ProviderPrior, ScoreModel, model_as_json, read_model
from checks.score.overriding import OVERRIDES, without_effect
from checks.score.reference import ScoreReference
from checks.score.rules import DecisionPolicy, DecisionRule
from checks.score.suppressions import Suppressed, find_suppressed, open_invoices
from checks.score.tables import CANDIDATES, DECIDED, SCORED, Facts
from checks.score.trim import GateColour, GateLimits, GateReason
from checks.score.verdicts import VERDICT_RULES, merge_verdicts

__all__ = [
    "ANSWERS",
    "CANDIDATES",
    "COMPLAINT_WINDOW",
    "DECIDED",
    "EXPOSURE",
    "LEAST_MESSAGES",
    "LESSONS",
    "OUTCOMES",
    "OVERRIDES",
    "OWNER_LESSONS",
    "SCORED",
    "VERDICT_RULES",
    "BouncePrediction",
    "ComplaintHistory",
    "DecidedDebtors",
    "DecisionPolicy",
    "DecisionRule",
    "Exposure",
    "Facts",
    "Force",
    "Foretold",
    "GateColour",
    "GateLimits",
    "GateReason",
    "GateResult",
    "Learning",
    "Learnt",
    "ListHistory",
    "Loss",
    "Lots",
    "ProviderPrior",
    "ScoreModel",
    "ScoreReference",
    "Scored",
    "Suppressed",
    "apply_gate",
    "compare_models",
    "decide_contacts",
    "decide_debtors",
    "decision_rules",
    "find_suppressed",
    "fit_deliverability",
    "fit_ownership",
    "gate_list",
    "hard_bounce",
    "learn_model",
    "lessons_from",
    "limit_exposure",
    "merge_lessons",
    "merge_owner_lessons",
    "merge_verdicts",
    "model_as_json",
    "open_invoices",
    "owner_lessons_from",
    "predict_bounces",
    "read_model",
    "score_contacts",
    "without_effect",
]
