"""Questions of the ML runs: the same fit and prediction in mlnb and its peers. A task is a dict of
  name, data (the tables of shared/bench/gen.py that it reads)
  mlnb: cells(folder) gives (load, run): load, cells before the clock; run, the cell inside it, which binds `out` and asks for all of it
    (`|> cache`)
  check: an mlnb expression over the frame `out` that sums up the answer, as one number
  peers: {name: prepare}; prepare(folder) reads the data and gives (run, check): run() inside the clock, check(its answer) the same number
  tol: how far answers may be apart, relative
Fits with a target: supervised(..) makes all that. Peers import their libraries inside `prepare`."""
TASKS = []


def task(name, data, mlnb, check, peers, tol=1e-6):
    TASKS.append(dict(name=name, data=data, mlnb=mlnb, check=check, peers=peers, tol=tol))


RMSE, LOG_LOSS = "sqrt(mean((prediction - y)^2))", "-mean(if(y == 1, log(probability), log(1 - probability)))"


def split(folder, name, rows=None, dtype=None):
    """X, y of the first 80 % and of the rest, of the first `rows` rows; columns x*."""
    import numpy as np
    import pyarrow.parquet as pq

    t = pq.read_table(f"{folder}/{name}.parquet")
    t = t.slice(0, rows or t.num_rows)
    X = np.column_stack([t[c].to_numpy() for c in t.column_names if c.startswith("x")])
    y, k = t["y"].to_numpy(), t.num_rows * 8 // 10
    X = X.astype(dtype) if dtype else X
    return X[:k], y[:k], X[k:], y[k:]


def rmse(p, y):
    import numpy as np

    return float(np.sqrt(np.mean((p - y) ** 2)))


def log_loss(p, y):
    import numpy as np

    p = np.asarray(p, dtype=np.float64)
    return float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))


def estimator(name, data, make, rows=None, score=None):
    """prepare of a scikit-learn estimator made by make(rows to fit)."""
    def prepare(folder):
        X, y, Xt, yt = split(folder, data, rows)
        make(len(X))  # the import is not timed

        def run():
            m = make(len(X)).fit(X, y)
            return m.predict_proba(Xt)[:, 1] if hasattr(m, "predict_proba") else m.predict(Xt)

        return run, lambda p: (score or (log_loss if data == "higgs" else rmse))(p, yt)
    return {name: prepare}


def linear(name, **kw):
    def make(_):
        import sklearn.linear_model as lm

        return getattr(lm, name)(**kw)
    return make


def supervised(name, data, family, peers, formula="y ~ .", rows=None, check=None, tol=1e-6):
    """Fit on the first 80 % of the rows, prediction of the others. {n} in family: rows fitted."""
    def cells(folder):
        import pyarrow.parquet as pq

        n = min(rows or 1 << 60, pq.read_metadata(f"{folder}/{data}.parquet").num_rows)
        k = n * 8 // 10
        load = [f'all = read("{folder}/{data}.parquet") |> take {n}', f"train = all |> take {k}\ntrain |> cache",
                f"test = all |> take -{n - k}\ntest |> cache"]
        return load, f"m = train |> fit {formula}, {family.replace('{n}', str(k))}\nout = test |> predict m\nout |> cache"
    task(name, [data], cells, check or (RMSE if data == "regr" else LOG_LOSS), peers, tol)


# ---- linear families ----
def normal_equations(penalty):
    def prepare(folder):
        import numpy as np

        X, y, Xt, yt = split(folder, "regr")

        def run():
            mx, my = X.mean(0), y.mean()
            w = np.linalg.solve(X.T @ X - len(X) * np.outer(mx, mx) + penalty * np.eye(X.shape[1]), X.T @ y - len(X) * mx * my)
            return Xt @ w + (my - mx @ w)

        return run, lambda p: rmse(p, yt)
    return {"numpy": prepare}


def one_hot(folder):
    import pandas as pd

    d = pd.read_parquet(f"{folder}/cats.parquet")
    k = len(d) * 8 // 10
    cols = [c for c in d.columns if c != "y"]
    a, b = d[:k], d[k:]

    def run():
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        m = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(C=1.0, tol=1e-5, max_iter=100)).fit(a[cols], a.y)
        return m.predict_proba(b[cols])[:, 1]

    return run, lambda p: log_loss(p, b.y.to_numpy())


def svc(folder):
    X, y, Xt, yt = split(folder, "higgs", 250_000)

    def run():
        from sklearn.svm import LinearSVC

        return LinearSVC(C=1.0 / (len(X) * 0.001), dual=False, tol=1e-6).fit(X, y).predict(Xt)

    return run, lambda p: float((p == yt).mean())


def saga(k):
    return linear("LogisticRegression", C=0.001, tol=1e-4, max_iter=200, solver="saga", l1_ratio=1.0)(k)


supervised("linreg", "regr", "linear()", {**estimator("sklearn", "regr", linear("LinearRegression")), **normal_equations(0.0)})
supervised("ridge", "regr", "ridge(l2: 1 / {n}, standardize: false)",
           {**estimator("sklearn", "regr", linear("Ridge", alpha=1.0)), **normal_equations(1.0)})
supervised("lasso", "regr", "lasso(l1: 0.05, standardize: false)", estimator("sklearn", "regr", linear("Lasso", alpha=0.05, tol=1e-6)))
supervised("logreg_l2", "higgs", "logistic(l2: 1 / {n}, standardize: false)",
           estimator("newton_chol", "higgs", linear("LogisticRegression", C=1.0, tol=1e-6, max_iter=100, solver="newton-cholesky")))
supervised("logreg_l1", "higgs", "logistic(l1: 1000 / {n}, standardize: false)", estimator("saga", "higgs", saga, rows=250_000), rows=250_000,
           tol=1e-4)
supervised("svm_squared", "higgs", "svm(loss: squared_hinge, l2: 0.001, standardize: false)", {"sklearn": svc}, rows=250_000,
           check="mean(if(prediction == y, 1, 0))", tol=2e-3)
supervised("poisson", "higgs", "glm(family: poisson, l2: 0.001, standardize: false)",
           estimator("sklearn", "higgs", linear("PoissonRegressor", alpha=0.001, tol=1e-6, solver="newton-cholesky"), rows=250_000, score=rmse),
           rows=250_000, check=RMSE, tol=1e-4)
supervised("onehot_logreg", "cats", "logistic(l2: 1 / {n}, standardize: false)", {"sklearn": one_hot},
           formula="y ~ " + " + ".join(f"onehot(c{i})" for i in range(10)), tol=3e-3)  # the peer stops at 100 iterations, short of the minimum
