"""`python -m spec`: resolve a spec, print its hash, print the catalogue. Needs no driver and no service."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from spec import SpecError, catalogue, read_json, resolve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 1 where the spec has problems or cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m spec", description="Look at a GAN's spec without training it.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in (
        ("resolve", "print the spec with everything filled in, or every problem with it"),
        ("hash", "print the SHA-256 of the resolved spec: equal hashes mean equal trainings"),
    ):
        command = commands.add_parser(name, help=help_text, description=help_text.capitalize() + ".")
        command.add_argument(
            "file", metavar="FILE", help="a JSON file in the full form or an old one; - is the standard input"
        )
    commands.add_parser("catalogue", help="print the whole catalogue as JSON")
    options = parser.parse_args(arguments)
    if options.command == "catalogue":
        print(json.dumps(catalogue.load(), indent=2, ensure_ascii=False))
        return 0
    try:
        resolved = resolve(read_json(_read(options.file)))
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 1
    except SpecError as error:
        print(error.as_text(), file=sys.stderr)
        return 1
    print(json.dumps(resolved, indent=2) if options.command == "resolve" else resolved.sha256())
    return 0


def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


if __name__ == "__main__":
    sys.exit(main())
