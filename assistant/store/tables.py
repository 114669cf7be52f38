"""Every table, so that metadata is whole wherever it is needed."""

from assistant.store.base import Base
from assistant.store.circles import Circle, Cohort, Invitation, Member
from assistant.store.conversations import Answer, Conversation, FlowVersion, Question, Timer
from assistant.store.messages import Inbox, Outbox
from assistant.store.operations import Alert, AlertStep, Audit, Deed, ServiceState, Watermark
from assistant.store.people import Address, Consent, Person, Role
from assistant.store.seasons import Apart, Break, Goal, GoalStep, Note, Pair, PairMember, Round, Share

__all__ = [
    "Address",
    "Alert",
    "AlertStep",
    "Answer",
    "Apart",
    "Audit",
    "Base",
    "Break",
    "Circle",
    "Cohort",
    "Consent",
    "Conversation",
    "Deed",
    "FlowVersion",
    "Goal",
    "GoalStep",
    "Inbox",
    "Invitation",
    "Member",
    "Note",
    "Outbox",
    "Pair",
    "PairMember",
    "Person",
    "Question",
    "Role",
    "Round",
    "ServiceState",
    "Share",
    "Timer",
    "Watermark",
]
