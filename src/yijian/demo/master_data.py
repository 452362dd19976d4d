"""Writes the region's master data, once: a region that stands is left as its administrators made it."""

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction

from yijian.demo.calendar import Calendar
from yijian.demo.region import region_rows
from yijian.domains.institutions.models import Institution
from yijian.domains.terminology.api import load_catalogue

__all__ = ["region_stands", "store_region"]

BATCH = 2000


def region_stands() -> bool:
    """Tell whether the demo's institutions are in the database."""
    return Institution.objects.filter(code="42010601").exists()


@transaction.atomic
def store_region(calendar: Calendar) -> int:
    """Load the catalogue and write the region; return how many rows it has."""
    load_catalogue()
    written = 0
    numbered: list[type[models.Model]] = []
    for label, rows in region_rows(calendar).items():
        model = apps.get_model(label)
        model._default_manager.bulk_create([model(**row) for row in rows], batch_size=BATCH)
        written += len(rows)
        if rows and "id" in rows[0]:
            numbered.append(model)
    _continue_numbering(numbered)
    return written


def _continue_numbering(written: list[type[models.Model]]) -> None:
    """Let the tables we numbered ourselves go on behind our numbers."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), written):
            cursor.execute(statement)
