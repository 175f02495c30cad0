"""Tables, constraints, small facts."""

from incidents.models.access import AuditEntry, Staff
from incidents.models.announcement import Announcement
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
    PENDING_DELIVERY,
    UPDATE_LIFE,
    AudiencePart,
    Channel,
    Delivery,
    DeliveryState,
    Lane,
    Notice,
    NoticeKind,
    OutboxWatch,
    Throttle,
)
from incidents.models.page import Logo, Page, Visibility
from incidents.models.report import Edition, Report, ReportLine, ReportState
from incidents.models.rollup import MonitorDay, MonitorHour, ServiceDay
from incidents.models.service import Policy, Service, ServiceGroup
from incidents.models.states import OVER, RANK, ServiceStatus, Severity, Stage, worst
from incidents.models.subscriber import Customer, CustomerContact, Subscriber, SubscriberState

__all__ = [
    "ENDED",
    "FAILING",
    "OVER",
    "PENDING_DELIVERY",
    "RANK",
    "RUNNING",
    "UPDATE_LIFE",
    "Announcement",
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
    "Impact",
    "Incident",
    "IncidentCorrection",
    "IncidentState",
    "Lane",
    "LogEntry",
    "LogKind",
    "LogSource",
    "Logo",
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
    "Page",
    "Policy",
    "RecoveryEstimate",
    "Report",
    "ReportLine",
    "ReportState",
    "Service",
    "ServiceDay",
    "ServiceGroup",
    "ServiceStatus",
    "Severity",
    "Signal",
    "Staff",
    "Stage",
    "Subscriber",
    "SubscriberState",
    "Throttle",
    "Update",
    "UpdateRevision",
    "UpdateScope",
    "Verdict",
    "Visibility",
    "worst",
]
