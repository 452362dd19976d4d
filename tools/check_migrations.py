"""Refuse models that no migration makes; asks Django's own comparison and needs no database."""

import os
import sys

import django


def main() -> int:
    """Return 1 and name every change that lacks its migration, else 0."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yijian.config.settings")
    django.setup()
    from django.apps import apps  # noqa: PLC0415 - after setup
    from django.db.migrations.autodetector import MigrationAutodetector  # noqa: PLC0415
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415
    from django.db.migrations.state import ProjectState  # noqa: PLC0415
    from django.utils.translation import deactivate_all  # noqa: PLC0415

    deactivate_all()  # as Django makes migrations, without translated names
    loader = MigrationLoader(None)
    conflicts = loader.detect_conflicts()
    for app, names in conflicts.items():
        print(f"{app} has several last migrations, merge them: {', '.join(sorted(names))}", file=sys.stderr)
    autodetector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    missing = autodetector.changes(graph=loader.graph)
    for app, migrations in missing.items():
        for operation in (operation for migration in migrations for operation in migration.operations):
            print(f"{app} lacks a migration: {operation.describe()}", file=sys.stderr)
    return 1 if missing or conflicts else 0


if __name__ == "__main__":
    sys.exit(main())
