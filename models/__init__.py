"""Rows: what is known and what can never be true. No behaviour."""

from models.alert import Acknowledgement, Alert, AlertState, Code, Delivery, Notice, Outcome
from models.baton import (
    Handover,
    HandoverState,
    Partner,
    Request,
    RequestState,
    Succession,
    Wait,
)
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
    TermChange,
    TermWhat,
)
from models.columns import UtcTime, moment_in
from models.journal import AdministrationEntry, JournalEntry
from models.lateness import RaisedLate
from models.people import Absence, Contact, Organisation, Way
from models.policy import Decree, PolicyVersion
from models.removal import Removal, Settled
from models.round import Round, RoundOf

__all__ = [
    "Absence",
    "Acknowledgement",
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
    "Code",
    "Contact",
    "Decree",
    "Delivery",
    "Handover",
    "HandoverState",
    "JournalEntry",
    "Notice",
    "Organisation",
    "Outcome",
    "Partner",
    "PolicyVersion",
    "RaisedLate",
    "Removal",
    "Reporter",
    "Request",
    "RequestState",
    "Role",
    "Round",
    "RoundOf",
    "Settled",
    "Signal",
    "Succession",
    "TermChange",
    "TermWhat",
    "UtcTime",
    "Visit",
    "Wait",
    "Way",
    "moment_in",
]
