"""How the methods are named and coloured in all figures: Okabe and Ito's colours."""

COLORS = {
    "classes": "#16202c",
    "nif": "#0072B2",
    "shap": "#D55E00",
    "integrated_gradients": "#E69F00",
    "mi": "#56B4E9",
}
NAMES = {
    "classes": "MI with the classes",
    "nif": "NIF",
    "shap": "SHAP",
    "integrated_gradients": "Integrated Gradients",
    "mi": "MI with the outputs",
}
