"""`nif estimate`: what an analysis will take."""

import json
from dataclasses import asdict
from typing import Any

import click

from service.cli.analysis_options import analysis_options, asked
from service.cli.exits import write


@click.command("estimate")
@analysis_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(as_json: bool, **values: Any) -> None:
    """Say what `nif analyze` with the same options would take. MODEL and DATA are checked, nothing is run.

    \b
      nif estimate examples/iris/iris.onnx examples/iris/iris.csv --target species
    """
    ask = asked(values)
    from estimator.data.columns import match_columns
    from estimator.data.read import read_table
    from estimator.model.read import read_model
    from service.cost import cost_of

    plan = read_model(ask.model.read_bytes())
    table = read_table(ask.data, ask.table_format)
    match_columns(table, plan, ask.options)
    cost = cost_of(plan, table.rows, ask.options)
    if as_json:
        write(json.dumps(asdict(cost), indent=2))
        return
    write(f"layers   {' -> '.join(f'{layer.size}' for layer in plan.layers)}, {cost.neurons} neurons")
    write(f"pairs    {cost.pairs:,} on {cost.rows:,} rows, estimator {ask.options.estimator}")
    write(f"time     about {cost.seconds:,.0f} s on two cores")
    write(f"memory   about {cost.memory_bytes / 2**20:,.0f} MiB")
