# SPDX-License-Identifier: Apache-2.0
"""scripts/bench: measures servers against the bare epoll server, on this machine, in one run."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import endurance
import plot
import report
import servers
from cases import CASES
from load import Load

ROOT = Path(__file__).resolve().parents[3]


def say(text):
    print(text, file=sys.stderr, flush=True)


def make_certificate(folder: Path):
    """A self-signed ECDSA P-256 certificate for the TLS rows."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )
    return cert, key


def measure(case, kind, options, tls_files):
    arguments = (*case.arguments, "--seconds", f"{case.seconds * options.scale:g}")
    with servers.Server(kind, tls_files if case.tls else None) as server:
        return Load(options.bin, server, arguments, case.tls).findings()


def run_case(case, kinds, options, tls_files):
    """Rounds with the servers in turn; the rows of this case."""
    kinds = [k for k in kinds if k.max_clients >= case.clients and (not case.tls or k.tls_arguments)]
    found = {kind.name: [] for kind in kinds}
    for round_number in range(options.rounds):
        for kind in kinds:
            found[kind.name].append(measure(case, kind, options, tls_files))
        costs = ", ".join(f"{name} {values[-1]['cpu_us']:.2f}" for name, values in found.items())
        say(f"{case.name} round {round_number + 1}: {costs} µs")
    rows = []
    for row in case.rows:
        values = {name: [f[row.key] for f in list_] for name, list_ in found.items()}
        floor = values[kinds[0].name] if row.against_floor else None
        rows.append({
            "case": case.name, "key": row.key, "title": row.title, "unit": row.unit,
            "againstFloor": row.against_floor, "targets": row.targets,
            "servers": {name: report.summary(v, floor) for name, v in values.items()},
        })
    details = {name: list_ for name, list_ in found.items()}
    return rows, details


def machine():
    model = next(
        (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}


def run_table(options, kinds):
    wanted = [case for case in CASES if not options.cases or case.name in options.cases]
    result = {"machine": machine(), "rounds": options.rounds, "rows": [], "details": {}}
    kept = options.out / "bench.json" if options.out else None
    if options.add and kept and kept.exists():
        result = json.loads(kept.read_text())
    with tempfile.TemporaryDirectory() as folder:
        tls_files = make_certificate(Path(folder)) if any(case.tls for case in wanted) else None
        for case in wanted:
            rows, details = run_case(case, kinds, options, tls_files)
            result["rows"] = [row for row in result["rows"] if row["case"] != case.name] + rows
            result["details"][case.name] = details
    order = [case.name for case in CASES]
    result["rows"].sort(key=lambda row: order.index(row["case"]))
    return result


def publish(result, kinds, options):
    named = {name for row in result["rows"] for name in row["servers"]}
    titles = {kind.name: kind.title for kind in kinds if kind.name in named}
    text = report.text_table(result["rows"], titles)
    text += "\n\nCPU time of the server process per delivery or event (median of"
    text += f" {result['rounds']} rounds) and its ratio to bare epoll in the same round; nothing was lost.\n"
    misses = report.misses(result["rows"])
    text += "".join(f"over its target: {miss}\n" for miss in misses)
    print(text, end="")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        where = f"{result['machine']['cpu']}, {result['machine']['cores']} cores, loopback"
        (options.out / "bench.txt").write_text(text)
        (options.out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
        caption = f"Medians of {result['rounds']} rounds; {where}. Logarithmic scale."
        (options.out / "bench.svg").write_text(plot.svg(result["rows"], titles, kinds[0].name, caption))
    return 1 if misses and options.strict else 0


def parse_options():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "run", nargs="?", default="table", choices=["table", *endurance.RUNS],
        help="table: everything against the floor (default); soak, storm, slow: see docs/performance.md",
    )
    parser.add_argument("--quick", action="store_true", help="one short round, no peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of measuring, for each number")
    parser.add_argument("--out", type=Path, help="folder for bench.txt, bench.json and bench.svg")
    parser.add_argument("--add", action="store_true", help="keep the other rows of --out's bench.json")
    parser.add_argument("--cases", nargs="+", choices=[case.name for case in CASES], metavar="CASE",
                        help="only these rows: " + " ".join(case.name for case in CASES))
    parser.add_argument("--servers", nargs="+", metavar="NAME", help="only these and the floor")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--peers", type=Path, help="folder with the peers' node_modules")
    options = parser.parse_args()
    options.scale = options.seconds / 2.0
    if options.quick:
        options.rounds, options.scale, options.peers = 1, 0.25, None
    return options


def main():
    options = parse_options()
    kinds = servers.kinds(options.bin, options.peers, ROOT)
    named = options.servers or [kind.name for kind in kinds if not kind.only_by_name]
    kinds = [kinds[0]] + [kind for kind in kinds[1:] if kind.name in named]
    try:
        if options.run != "table":
            return endurance.RUNS[options.run](options, next(k for k in kinds if k.name.startswith("gatehouse")))
        return publish(run_table(options, kinds), kinds, options)
    except RuntimeError as error:
        say(f"scripts/bench: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
