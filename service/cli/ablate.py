"""`nif ablate`: what a model loses without chosen neurons."""

from pathlib import Path
from typing import Any

import click

from service.cli.analysis_options import analysis_options, whole
from service.cli.cut_options import cut_options, cut_values, given_side
from service.cli.study_here import study_here
from service.cli.study_output import write_study_output


@click.command("ablate")
@analysis_options
@cut_options
@click.option("--points", default="10", show_default=True, help="Measurements between 1 and K, a curve.")
@click.option("--inverse", is_flag=True, help="Cut the K most informative, too, for comparison.")
@click.option(
    "--replace",
    type=click.Choice(["zero", "mean"]),
    default="zero",
    show_default=True,
    help="What a cut neuron gives: 0, or its mean over the rows.",
)
@click.option("--draws", default="20", show_default=True, help="Random sets of as many neurons beside it.")
@click.option("--bootstrap", default="1000", show_default=True, help="Draws of rows behind each interval.")
@click.option("--output", metavar="DIR", help="Folder to write ablation.html and ablation.json into.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
def command(**values: Any) -> None:
    """Cut hidden neurons of MODEL and measure on DATA what that costs.

    By default the silent ones: accuracy (RMSE for numbers) before and after, with a bootstrap interval of
    the difference, beside as many random neurons of the same layers. The model is analysed first, unless a
    NETWORK is given.

    \b
      nif ablate examples/iris/iris.onnx examples/iris/iris.csv --target species
      nif ablate model.onnx table.csv --target label --choose least-outgoing-flow -k 40 --inverse --output cut
      nif ablate model.onnx table.csv --network nif-model --neuron 1:4 --neuron hidden.2
    """
    from estimator.ablation.options import AblationOptions

    options = AblationOptions(
        **cut_values(values),
        points=whole("points", values["points"]),
        inverse=values["inverse"],
        replace=values["replace"],
        draws=whole("draws", values["draws"]),
        bootstrap=whole("bootstrap", values["bootstrap"]),
        seed=whole("seed", values["seed"]),
    )
    document = study_here("ablation", [given_side(values)], options.as_dict()).document
    from service.report.studies.ablation import section

    write_study_output(
        section(document),
        document,
        Path(values["model"]).name,
        output=values["output"],
        as_json=values["as_json"],
    )
