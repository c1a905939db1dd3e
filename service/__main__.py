"""`python -m service up [--once] | down | status | settings | migrate | part NAME | ready NAME`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields

from service.config import Settings, SettingsError, variable

PARTS = ("api", "training", "interactive", "lengthy", "reaper", "node-red")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m service", description="The AuthorGAN service.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start broker, API, workers and the editor; Ctrl-C stops them")
    up.add_argument("--once", action="store_true", help="run the first flow to its end, judge what it drew, and stop")
    commands.add_parser("down", help="stop what runs on this home")
    commands.add_parser("status", help="say what runs on this home")
    commands.add_parser("settings", help="print every setting with its meaning and present value")
    commands.add_parser("migrate", help="bring the database up to date")
    for name, words in {
        "part": "be one part of the system, where its parts are spread over containers or machines",
        "ready": "exit with 0 if that part works on this machine, else with 1",
    }.items():
        commands.add_parser(name, help=words).add_argument("name", choices=PARTS, metavar=f"{{{','.join(PARTS)}}}")
    arguments = parser.parse_args()
    try:
        if arguments.command == "settings":
            return print_settings()
        if arguments.command == "migrate":
            return migrate()
        if arguments.command in ("part", "ready"):
            from service.supervisor import alone

            if arguments.command == "part":
                alone.start(arguments.name)
            return 0 if alone.is_ready(arguments.name) else 1
        from service.supervisor import up as system

        if arguments.command == "up":
            return system.up(run_once=arguments.once)
        return {"down": system.down, "status": system.status}[arguments.command]()
    except SettingsError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def print_settings() -> int:
    """Every variable, its value and what it means; of a secret only whether it is set."""
    settings = Settings.from_env()
    for item in fields(settings):
        value = getattr(settings, item.name)
        shown = value if item.repr else "(set)" if value else "(not set)"
        print(f"{variable(item.name)}={'' if shown is None else shown}\n    {item.metadata['help']}")
    return 0


def migrate() -> int:
    """Bring the tables of the settings' database up to date."""
    from sqlalchemy.exc import SQLAlchemyError

    from service.store import Store

    try:
        Store.open(Settings.from_env()).close()
    except (SQLAlchemyError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
