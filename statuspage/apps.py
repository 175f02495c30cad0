from django.apps import AppConfig

from statuspage import celery


class WiringConfig(AppConfig):
    """Makes the Celery application the current one in every process that has Django's settings."""

    name = "statuspage"
    celery_app = celery.app
