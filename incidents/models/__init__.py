"""Tables, constraints, small facts."""

from incidents.models.access import AuditEntry, Staff
from incidents.models.announcement import Announcement
from incidents.models.api_token import ApiToken, Scope
from incidents.models.correction import Corrected, IncidentCorrection
from incidents.models.estimate import Estimate, RecoveryEstimate
from incidents.models.incident import (
    Impact,
    Incident,
    IncidentState,
    Origin,
    Update,
    UpdateRevision,
    UpdateScope,
)
from incidents.models.log import LogEntry, LogKind, LogSource
from incidents.models.mail_text import MailText
from incidents.models.maintenance import (
    ENDED,
    RUNNING,
    Maintenance,
    MaintenanceChange,
    MaintenanceService,
    MaintenanceState,
    MaintenanceUpdate,
)
from incidents.models.monitor import FAILING, CheckResult, Monitor, MonitorKind, Observation, Signal, Verdict
from incidents.models.note import CustomerNote
from incidents.models.outbox import (
    PAUSED_LANE,
    PENDING_DELIVERY,
    UPDATE_LIFE,
    AudiencePart,
    Delivery,
    DeliveryState,
    Lane,
    Notice,
    NoticeKind,
    OutboxWatch,
    Throttle,
    endpoint_lane,
    is_endpoint_lane,
)
from incidents.models.page import Logo, Page, Visibility
from incidents.models.report import Edition, Report, ReportLine, ReportState
from incidents.models.rollup import MonitorDay, MonitorHour, ServiceDay
from incidents.models.service import Policy, Service, ServiceGroup
from incidents.models.spf import LogPosition, Outcome, PublishedSet, SourceHour
from incidents.models.states import OVER, RANK, ServiceStatus, Severity, Stage, worst
from incidents.models.subscriber import (
    Channel,
    Customer,
    CustomerContact,
    Follow,
    PhoneCode,
    SignUp,
    Stages,
    Subscriber,
    SubscriberState,
)
from incidents.models.suppression import (
    OF_OUR_SENDING,
    MailEvent,
    MailEventKind,
    Suppression,
    SuppressionReason,
)
from incidents.models.watch import MAIN_LOCATION, Location, Watch
from incidents.models.wish import Wish, WishKind, WishState

__all__ = [
    "ENDED",
    "FAILING",
    "MAIN_LOCATION",
    "OF_OUR_SENDING",
    "OVER",
    "PAUSED_LANE",
    "PENDING_DELIVERY",
    "RANK",
    "RUNNING",
    "UPDATE_LIFE",
    "Announcement",
    "ApiToken",
    "AudiencePart",
    "AuditEntry",
    "Channel",
    "CheckResult",
    "Corrected",
    "Customer",
    "CustomerContact",
    "CustomerNote",
    "Delivery",
    "DeliveryState",
    "Edition",
    "Estimate",
    "Follow",
    "Impact",
    "Incident",
    "IncidentCorrection",
    "IncidentState",
    "Lane",
    "Location",
    "LogEntry",
    "LogKind",
    "LogPosition",
    "LogSource",
    "Logo",
    "MailEvent",
    "MailEventKind",
    "MailText",
    "Maintenance",
    "MaintenanceChange",
    "MaintenanceService",
    "MaintenanceState",
    "MaintenanceUpdate",
    "Monitor",
    "MonitorDay",
    "MonitorHour",
    "MonitorKind",
    "Notice",
    "NoticeKind",
    "Observation",
    "Origin",
    "OutboxWatch",
    "Outcome",
    "Page",
    "PhoneCode",
    "Policy",
    "PublishedSet",
    "RecoveryEstimate",
    "Report",
    "ReportLine",
    "ReportState",
    "Scope",
    "Service",
    "ServiceDay",
    "ServiceGroup",
    "ServiceStatus",
    "Severity",
    "SignUp",
    "Signal",
    "SourceHour",
    "Staff",
    "Stage",
    "Stages",
    "Subscriber",
    "SubscriberState",
    "Suppression",
    "SuppressionReason",
    "Throttle",
    "Update",
    "UpdateRevision",
    "UpdateScope",
    "Verdict",
    "Visibility",
    "Watch",
    "Wish",
    "WishKind",
    "WishState",
    "endpoint_lane",
    "is_endpoint_lane",
    "worst",
]
