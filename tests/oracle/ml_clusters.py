#!/usr/bin/env python3
"""Expected values for tests/unit/test_ml_clusters.c: k-means from given centres, Gaussian mixtures from the clusters of that
k-means, PCA, DBSCAN, isolation forests, and the metrics of clusters, all by scikit-learn. Writes ml_clusters.csv (the rows with
what is expected of each) and ml_clusters.json (numbers) to tests/data/oracle. numpy 2.4.6, scikit-learn 1.9.1, seed 5."""
import json
from pathlib import Path

import numpy as np
from sklearn import metrics
from sklearn.cluster import DBSCAN, BisectingKMeans, KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture

OUT = Path(__file__).resolve().parents[1] / "data/oracle"
r = np.random.default_rng(5)
n, k = 300, 4
at = np.array([[1000.0, 0, 2], [1004, 1, -2], [998, 5, 0], [1003, 6, 5]])
X = np.round(at[r.integers(0, k, n)] + r.normal(size=(n, 3)) * [1.3, 0.9, 1.1], 3)
w = np.round(r.random(n) * 2 + 0.1, 2)
C = X[[3, 50, 120, 200]]
cols = dict(a=X[:, 0], b=X[:, 1], c=X[:, 2], w=w)
out = dict(centers=C.ravel().tolist())


def kmeans(name, **kw):
    m = KMeans(k, init=C, n_init=1, max_iter=100, tol=0).fit(X, **kw)
    out[name] = dict(centers=m.cluster_centers_.ravel().tolist(), inertia=m.inertia_, iterations=m.n_iter_)
    return m.labels_


cols["km"] = kmeans("kmeans") + 1
cols["kmw"] = kmeans("kmeans_weighted", sample_weight=w) + 1
l = cols["km"]
out["metrics"] = dict(silhouette=metrics.silhouette_score(X, l), silhouette_squared=metrics.silhouette_score(X, l, metric="sqeuclidean"),
                      davies_bouldin=metrics.davies_bouldin_score(X, l), calinski_harabasz=metrics.calinski_harabasz_score(X, l))
start = KMeans(k, init=C, n_init=1).fit(X).labels_
for shape in ["full", "tied", "diag", "spherical"]:
    g = GaussianMixture(k, covariance_type=shape)
    g._initialize_parameters = lambda X, random_state, **kw: g._initialize(X, np.eye(k)[start])
    g.fit(X)
    out["gmm_" + shape] = dict(log_likelihood=g.score(X) * n, bic=g.bic(X), aic=g.aic(X), iterations=int(g.n_iter_), means=g.means_.ravel().tolist(),
                               weights=g.weights_.tolist())
    cols["gmm_" + shape] = g.predict_proba(X).max(axis=1)
p = PCA(3).fit(X)
out["pca"] = dict(variance=p.explained_variance_.tolist(), share=p.explained_variance_ratio_.tolist(), components=p.components_.ravel().tolist())
T = p.transform(X)
cols.update(pc1=T[:, 0], pc2=T[:, 1], pc3=T[:, 2])
cols["white1"] = PCA(2, whiten=True).fit_transform(X)[:, 0]
d = DBSCAN(eps=1.1, min_samples=6).fit(X)
cols["db"] = d.labels_ + 1
out["dbscan"] = dict(core=len(d.core_sample_indices_))
cols["dbw"] = DBSCAN(eps=1.1, min_samples=6).fit(X, sample_weight=w).labels_ + 1
cols["iso"] = np.mean([-IsolationForest(n_estimators=500, max_samples=128, random_state=i).fit(X).score_samples(X) for i in range(4)], axis=0)
out["bisecting"] = dict(inertia=min(BisectingKMeans(k, n_init=10, random_state=i, tol=0).fit(X).inertia_ for i in range(3)))
with open(OUT / "ml_clusters.csv", "w") as f:
    f.write(",".join(cols) + "\n")
    for row in zip(*cols.values()):
        f.write(",".join(repr(v.item()) for v in row) + "\n")
(OUT / "ml_clusters.json").write_text(json.dumps(out, indent=1) + "\n")
