# %% [markdown]
# # Does the model know what it should not?
#
# An auditor's questions to a flow network in Neo4j, asked with py2neo: a client that is independent of the
# service that wrote the network. The analysis must have been run with the attribute as a probe:
#
#     nif analyze MODEL DATA --target TARGET --probe ATTRIBUTE --store bolt://127.0.0.1:7687
#
# The server and the login are those of NIF's settings: `NIF_STORE`, `NIF_NEO4J_USER`,
# `NIF_NEO4J_PASSWORD_FILE`.

# %%
from flow_graph import Analysis, connect

ATTRIBUTE = None  # a probe's name; None: the first probe of the analysis
ANALYSIS = None  # an analysis's id; None: the first one that has a probe
LIMIT = 0.05  # nats that an output may know about the attribute

repository = connect()

# %% [markdown]
# ## 1. What was analysed?
# Hashes name the files; the auditor compares them with those of the files at hand (`sha256sum`).

# %%
analyses = sorted(repository.match(Analysis), key=lambda found: found.id)
chosen = [a for a in analyses if a.id == ANALYSIS or (ANALYSIS is None and len(a.probes) > 0)]
if not chosen:
    raise SystemExit("There is no such analysis with a probe on this server.")
analysis = chosen[0]
print("analysis ", analysis.id)
print("model    ", *(model.sha256 for model in analysis.models))
print("data     ", *(dataset.sha256 for dataset in analysis.datasets))
print("estimator", analysis.estimator, "beta", analysis.beta, "alpha", analysis.alpha)
for layer in analysis.layers_in_order():
    print(f"layer     {layer.name} ({layer.kind}), {layer.size} neurons")

# %% [markdown]
# ## 2. Does information about the attribute reach an output?
# A 95 % interval in nats, and the q-value of "there is none". The verdict is the careful one: an output
# passes only if its whole interval lies below the limit.

# %%
probes = sorted(analysis.probes, key=lambda probe: probe.name)
probe = next(found for found in probes if ATTRIBUTE in (None, found.name))
verdicts = {}
for output in analysis.outputs():
    said = probe.about(output)
    known = "at least " if said.lower_bound else ""
    high = said.mi if said.ci_high is None else said.ci_high
    verdicts[output.name] = "passes" if high < LIMIT and not said.lower_bound else "fails"
    print(
        f"{output.name}: {known}{said.mi:.3f} nats about {probe.name} "
        f"[{said.ci_low:.3f}, {said.ci_high:.3f}], q = {said.q:.1g}: {verdicts[output.name]}"
    )

# %% [markdown]
# ## 3. Which neurons carry it?
# Hidden neurons by what they know about the attribute, with their place in the network: a neuron of high
# betweenness is one that flow has to pass.

# %%
carriers = sorted(((probe.about(neuron), neuron) for neuron in probe.informs), key=lambda pair: -pair[0].mi)
for said, neuron in carriers[:10]:
    if said.q is not None and said.q <= analysis.alpha:
        print(f"{neuron.layer_name}[{neuron.name}]: {said.mi:.3f} nats, betweenness {neuron.betweenness:.1f}")

# %% [markdown]
# ## 4. By which edges does it leave the strongest carrier?

# %%
strongest = next((neuron for _, neuron in carriers if list(neuron.flows_to)), None)
edges = sorted(strongest.edges(), key=lambda edge: -edge.nif) if strongest else []
for edge in edges:
    if edge.nif > 0:
        print(
            f"{edge.source.name} -> {edge.consumer.name}: {edge.nif:.3f} nats "
            f"[mi {edge.ci_low:.3f} to {edge.ci_high:.3f}]"
        )

# %% [markdown]
# ## 5. What carries nothing?
# Silent neurons: `constant` never fire, or have one value; `uninformative` fire, and no edge is significant.

# %%
silent = [neuron for neuron in analysis.neurons() if neuron.silent is not None]
for neuron in silent:
    print(f"{neuron.layer_name}[{neuron.name}]: {neuron.silent}, 0 in {100 * neuron.zeros:.0f} % of the rows")

# %% [markdown]
# ## 6. Who else analysed this model?

# %%
for model in analysis.models:
    for other in sorted(model.analyses, key=lambda found: found.id):
        print(other.id, other.estimator, "beta", other.beta)
