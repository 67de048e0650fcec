"""MLflow beside an audit: models from its registry, results into its runs. Needs the extra [mlflow]."""
