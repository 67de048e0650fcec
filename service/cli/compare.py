"""`nif compare`: NIF's attribution beside SHAP, Integrated Gradients and plain MI."""

from pathlib import Path
from typing import Any, get_args

import click

from estimator.comparison.options import METHODS, Baseline, Replacement
from estimator.scoring.metrics import METRICS
from service.cli.analysis_options import analysis_options, whole
from service.cli.cut_options import given_side
from service.cli.study_here import study_here
from service.cli.study_output import write_study_output

COUNTS = ("rows", "background", "steps", "points", "random_orders", "seed")


@click.command("compare")
@analysis_options
@click.option("--network", metavar="NETWORK", help="Of MODEL on DATA: nothing is measured again.")
@click.option(
    "--store", metavar="URI", help="Where a NETWORK given by its id is; default: as `nif settings` says."
)
@click.option(
    "--method", "methods", type=click.Choice(METHODS), multiple=True,
    help="Only this one; repeatable.  [default: all]",
)  # fmt: skip
@click.option("--rows", default="200", show_default=True, help="Rows that SHAP and gradients explain.")
@click.option("--background", default="100", show_default=True, help="Rows that SHAP averages over.")
@click.option(
    "--baseline", type=click.Choice(get_args(Baseline)), default="mean", show_default=True,
    help="Where the paths of Integrated Gradients begin.",
)  # fmt: skip
@click.option("--steps", default="64", show_default=True, help="Of these paths at first; doubled as needed.")
@click.option("--no-deletion", is_flag=True, help="Measure no deletion curve; it needs labels.")
@click.option("--metric", type=click.Choice(["auto", *METRICS]), default="auto", show_default=True)
@click.option(
    "--class", "classes", metavar="NAME", multiple=True,
    help="Name of the model's first, second ... output, where neither model nor labels say.",
)  # fmt: skip
@click.option(
    "--replace", type=click.Choice(get_args(Replacement)), default="mean", show_default=True,
    help="What a removed feature holds: its mean, or its own values in another order.",
)  # fmt: skip
@click.option("--points", default="20", show_default=True, help="Most points of a deletion curve.")
@click.option("--random-orders", default="20", show_default=True, help="Random orders beside the curves.")
@click.option("--output", metavar="DIR", help="Folder to write comparison.html and comparison.json into.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
def command(**values: Any) -> None:
    """Compare NIF's attribution of MODEL's inputs with SHAP, Integrated Gradients and plain MI.

    Shares and ranks side by side, Spearman's correlation of each two methods, the Kolmogorov-Smirnov test
    against the MI of features and classes, and a deletion curve for each method. The model is analysed
    first, unless a NETWORK is given. SHAP and Integrated Gradients are in the extra [compare].

    \b
      nif compare examples/iris/iris.onnx examples/iris/iris.csv --target species
      nif compare model.onnx table.csv --network nif-model --output comparison
      nif compare model.onnx table.csv --method nif --method mi --no-deletion
    """
    from estimator.comparison.libraries import check_installed
    from estimator.comparison.options import ComparisonOptions

    options = ComparisonOptions(
        methods=values["methods"] or METHODS,
        target=values["target"],
        metric=values["metric"],
        classes=values["classes"],
        deletion=not values["no_deletion"],
        replace=values["replace"],
        baseline=values["baseline"],
        **{name: whole(name, values[name]) for name in COUNTS},
    )
    check_installed(options.methods)
    document = study_here("comparison", [given_side(values)], options.as_dict()).document
    from service.report.studies.comparison import section

    write_study_output(
        section(document),
        document,
        Path(values["model"]).name,
        output=values["output"],
        as_json=values["as_json"],
    )
