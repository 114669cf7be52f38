"""Every table, so that metadata is whole wherever it is needed."""

from assistant.store.columns import Base
from assistant.store.tables.call_tables import CallWish, PageCall, Talk
from assistant.store.tables.circle_tables import Circle, Cohort, Invitation, Member
from assistant.store.tables.conversation_tables import Answer, Conversation, FlowVersion, Question, Timer
from assistant.store.tables.exchange_tables import Approach, Listing
from assistant.store.tables.hour_tables import CircleHour, HourSeat
from assistant.store.tables.introduction_tables import Introduced, Introduction
from assistant.store.tables.media_tables import Media, MediaRef
from assistant.store.tables.message_tables import Inbox, MessageTemplate, Outbox
from assistant.store.tables.operation_tables import (
    Alert,
    AlertStep,
    Audit,
    DangerLabel,
    KeptReport,
    PendingAction,
    ServiceState,
    Watermark,
    Worker,
)
from assistant.store.tables.page_tables import PageLink, PageSession, Upload
from assistant.store.tables.person_tables import Address, Consent, Person, PhoneClaim, PhoneLink, Role
from assistant.store.tables.season_tables import (
    Apart,
    Break,
    Goal,
    GoalStep,
    News,
    Note,
    Pair,
    PairMember,
    Round,
    Share,
)
from assistant.store.tables.survey_tables import Survey, SurveyAnswer
from assistant.store.tables.tool_tables import ApiRequest, ApiToken, WebhookSend, WebhookTarget
from assistant.store.tables.trust_tables import Erasure, Receipt, Report, ReportWord
from assistant.store.tables.waitlist_tables import Applicant, SeatDraw

__all__ = [
    "Address",
    "Alert",
    "AlertStep",
    "Answer",
    "Apart",
    "ApiRequest",
    "ApiToken",
    "Applicant",
    "Approach",
    "Audit",
    "Base",
    "Break",
    "CallWish",
    "Circle",
    "CircleHour",
    "Cohort",
    "Consent",
    "Conversation",
    "DangerLabel",
    "Erasure",
    "FlowVersion",
    "Goal",
    "GoalStep",
    "HourSeat",
    "Inbox",
    "Introduced",
    "Introduction",
    "Invitation",
    "KeptReport",
    "Listing",
    "Media",
    "MediaRef",
    "Member",
    "MessageTemplate",
    "News",
    "Note",
    "Outbox",
    "PageCall",
    "PageLink",
    "PageSession",
    "Pair",
    "PairMember",
    "PendingAction",
    "Person",
    "PhoneClaim",
    "PhoneLink",
    "Question",
    "Receipt",
    "Report",
    "ReportWord",
    "Role",
    "Round",
    "SeatDraw",
    "ServiceState",
    "Share",
    "Survey",
    "SurveyAnswer",
    "Talk",
    "Timer",
    "Upload",
    "Watermark",
    "WebhookSend",
    "WebhookTarget",
    "Worker",
]
