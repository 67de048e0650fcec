"""The options of `nif audit` that ask for evidence and for a run in MLflow."""

import click

BUNDLE = (
    click.option(
        "--bundle", metavar="FILE", help="Write signed evidence, such as out.nif.zip; see nif verify."
    ),
    click.option("--signing-key", metavar="FILE", help="The key that signs it (nif keys signing create)."),
    click.option("--include-data", is_flag=True, help="Put DATA itself into the bundle."),
)

MODEL_CARD = (
    click.option("--model-card", metavar="FILE", help="Write a section for a model card, in Markdown."),
)

MLFLOW = (
    click.option("--mlflow-run", metavar="ID", help="Log metrics, tags, pages and bundle to this run."),
    click.option("--mlflow-uri", metavar="URI", help="The tracking server; default: MLFLOW_TRACKING_URI."),
)
