from django.apps import AppConfig

from statuspage import celery, checks


class WiringConfig(AppConfig):
    """Makes the Celery application the current one in every process that has Django's settings, and the checks
    those that Django makes."""

    name = "statuspage"
    celery_app = celery.app
    checks = (checks.check_pings,)
