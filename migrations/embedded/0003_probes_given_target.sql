-- What a probe says of a neuron when the target is known, I(P; N | T); NULL where it was not measured.

ALTER TABLE probes ADD COLUMN given_mi REAL;
ALTER TABLE probes ADD COLUMN given_se REAL;
ALTER TABLE probes ADD COLUMN given_ci_low REAL;
ALTER TABLE probes ADD COLUMN given_ci_high REAL;
ALTER TABLE probes ADD COLUMN given_p_value REAL;
ALTER TABLE probes ADD COLUMN given_q_value REAL;
ALTER TABLE probes ADD COLUMN given_saturated INTEGER;
ALTER TABLE probes ADD COLUMN given_lower_bound INTEGER;
