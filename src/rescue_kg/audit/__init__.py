"""The audit of citations: is each study where its record says, by what bibliographic services know."""

from rescue_kg.audit.faults import AnswerError, NothingReachedError, ServiceError
from rescue_kg.audit.nodes import DATASET, checks_of, statuses_of, write
from rescue_kg.audit.results import AuditReport, Match, Result, ServiceResult
from rescue_kg.audit.run import CONTACT, audit
from rescue_kg.audit.services import SERVICES
from rescue_kg.audit.verdicts import THRESHOLDS, Thresholds, Verdict, verdict

__all__ = [
    "CONTACT",
    "DATASET",
    "SERVICES",
    "THRESHOLDS",
    "AnswerError",
    "AuditReport",
    "Match",
    "NothingReachedError",
    "Result",
    "ServiceError",
    "ServiceResult",
    "Thresholds",
    "Verdict",
    "audit",
    "checks_of",
    "statuses_of",
    "verdict",
    "write",
]
