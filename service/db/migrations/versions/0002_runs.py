"""Runs that are told apart: tags, comments, an archive and a bin; sweeps; markers and training time on the curves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MODULES = ("data", "generator", "discriminator", "loss", "training")
"""The modules whose choice is kept beside the spec."""


def upgrade() -> None:
    op.add_column("jobs", sa.Column("choices", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("jobs", sa.Column("comment", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("jobs", sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("deleted_at", sa.Double()))
    op.create_index("ix_jobs_deleted_at", "jobs", ["deleted_at"])
    _fill_choices()

    op.create_table(
        "job_tags",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        _of_job("job_tags"),
        sa.PrimaryKeyConstraint("job_id", "tag", name="pk_job_tags"),
    )
    op.create_index("ix_job_tags_tag", "job_tags", ["tag"])

    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("axes", sa.JSON(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("deleted_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_sweeps"),
    )
    op.create_index("ix_sweeps_created_at_id", "sweeps", ["created_at", "id"])
    op.create_index("ix_sweeps_deleted_at", "sweeps", ["deleted_at"])
    op.create_table(
        "sweep_places",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("combination", sa.JSON(), nullable=False),
        _of_job("sweep_places"),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_sweep_places_sweep_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name="pk_sweep_places"),
    )
    op.create_index("ix_sweep_places_sweep_id_position", "sweep_places", ["sweep_id", "position"])

    op.add_column("losses", sa.Column("seconds", sa.Double()))
    op.create_table(
        "markers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        _of_job("markers"),
        sa.PrimaryKeyConstraint("id", name="pk_markers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_markers_job_id_step", "markers", ["job_id", "step"])

    with op.batch_alter_table("idempotency_keys") as batch:
        batch.alter_column("job_id", new_column_name="resource_id")


def downgrade() -> None:
    with op.batch_alter_table("idempotency_keys") as batch:
        batch.alter_column("resource_id", new_column_name="job_id")
    op.drop_column("losses", "seconds")
    for table in ("markers", "sweep_places", "sweeps", "job_tags"):
        op.drop_table(table)
    op.drop_index("ix_jobs_deleted_at", "jobs")
    for column in ("deleted_at", "archived", "comment", "choices"):
        op.drop_column("jobs", column)


def _fill_choices() -> None:
    """What the jobs that are there already are, from their specs."""
    jobs = sa.table("jobs", sa.column("id", sa.String), sa.column("spec", sa.JSON), sa.column("choices", sa.JSON))
    connection = op.get_bind()
    for job_id in connection.scalars(sa.select(jobs.c.id)).all():
        spec = connection.execute(sa.select(jobs.c.spec).where(jobs.c.id == job_id)).scalar_one()
        choices = {name: spec[name]["choice"] for name in MODULES if "choice" in spec.get(name, {})}
        if "driver" in spec:
            choices["driver"] = spec["driver"]
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(choices=choices))


def _of_job(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=f"fk_{table}_job_id", ondelete="CASCADE")
