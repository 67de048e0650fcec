"""How well a model's outputs agree with the labels in the data: accuracy, AUC, RMSE, and their intervals."""
