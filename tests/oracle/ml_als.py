"""Expected values of als: tests/data/oracle/ml_als.json. numpy; seed 11.
Alternating least squares written down plainly: each side's systems by numpy.linalg.solve (explicit with
l2 * number of ratings; implicit by Hu, Koren, Volinsky 2008), non-negative ones by scipy.optimize.nnls
on the Cholesky factor of the same system."""
import json
import os

import numpy as np
import scipy
from scipy.optimize import nnls

RANK, USERS, ITEMS, ROWS, TURNS, L2, ALPHA = 3, 12, 9, 70, 8, 0.1, 2.0
rng = np.random.default_rng(11)
pairs = rng.permutation(USERS * ITEMS)[:ROWS]
u, v = pairs // ITEMS, pairs % ITEMS
x = np.round(rng.uniform(1, 5, ROWS) * 2) / 2
x[::9] = -1.0  # implicit: disliked
w = np.round(rng.uniform(0.5, 2, ROWS), 2)
start = np.round(np.abs(rng.normal(size=(USERS, RANK))), 3)


def side(own, other, n, fixed, implicit, nonneg, weight):
    out = np.zeros((n, RANK))
    for e in range(n):
        at = np.flatnonzero(own == e)
        y, r, k = fixed[other[at]], x[at], weight[at]
        if implicit:
            c = k * ALPHA * np.abs(r)
            a = fixed.T @ fixed + (y * c[:, None]).T @ y + L2 * k[r > 0].sum() * np.eye(RANK)
            b = ((c + k) * (r > 0)) @ y
        else:
            a = (y * k[:, None]).T @ y + L2 * k.sum() * np.eye(RANK)
            b = (k * r) @ y
        if nonneg:
            low = np.linalg.cholesky(a)
            out[e] = nnls(low.T, np.linalg.solve(low, b))[0]
        else:
            out[e] = np.linalg.solve(a, b)
    return out


def run(implicit, nonneg, weighted):
    weight = w if weighted else np.ones(ROWS)
    users = start.copy()
    for _ in range(TURNS):
        items = side(v, u, ITEMS, users, implicit, nonneg, weight)
        users = side(u, v, USERS, items, implicit, nonneg, weight)
    s = np.sum(users[u] * items[v], axis=1)
    wanted = (x > 0) * 1.0 if implicit else x
    count = weight * (x > 0) if implicit else weight
    loss = np.sum(weight * (wanted - s) ** 2)
    if implicit:
        loss += np.sum(weight * ALPHA * np.abs(x) * (wanted - s) ** 2 - weight * s**2) + np.sum((users @ items.T) ** 2)
    loss += L2 * np.sum(count * (np.sum(users[u] ** 2, 1) + np.sum(items[v] ** 2, 1)))
    return {"users": users.ravel().tolist(), "items": items.ravel().tolist(), "loss": loss / weight.sum(),
            "rmse": float(np.sqrt(np.sum(weight * (wanted - s) ** 2) / weight.sum()))}


out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "rank": RANK, "n_users": USERS,
       "n_items": ITEMS, "turns": TURNS, "l2": L2, "alpha": ALPHA, "user": u.tolist(), "item": v.tolist(),
       "rating": x.tolist(), "weight": w.tolist(), "start": start.ravel().tolist(),
       "explicit": run(False, False, False), "weighted": run(False, False, True), "implicit": run(True, False, False),
       "nonnegative": run(False, True, False), "implicit_nonnegative": run(True, True, False)}
path = os.path.join(os.path.dirname(__file__), "../data/oracle/ml_als.json")
with open(path, "w") as f:
    json.dump(out, f)
    f.write("\n")
