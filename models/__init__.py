"""Rows: what is known and what can never be true. No behaviour."""

from models.alert import Alert, AlertState, Delivery, Notice, Outcome
from models.case import (
    Act,
    Assignment,
    Case,
    CaseNumber,
    Reporter,
    Role,
    Signal,
    Visit,
)
from models.checkpoint import (
    Answer,
    Checkpoint,
    CheckpointState,
    Handover,
    HandoverState,
    TermChange,
    TermWhat,
)
from models.columns import UtcTime
from models.journal import AdministrationEntry, JournalEntry
from models.people import Contact, Organisation
from models.policy import Decree, PolicyVersion

__all__ = [
    "Act",
    "AdministrationEntry",
    "Alert",
    "AlertState",
    "Answer",
    "Assignment",
    "Case",
    "CaseNumber",
    "Checkpoint",
    "CheckpointState",
    "Contact",
    "Decree",
    "Delivery",
    "Handover",
    "HandoverState",
    "JournalEntry",
    "Notice",
    "Organisation",
    "Outcome",
    "PolicyVersion",
    "Reporter",
    "Role",
    "Signal",
    "TermChange",
    "TermWhat",
    "UtcTime",
    "Visit",
]
