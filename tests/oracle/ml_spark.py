#!/usr/bin/env python3
"""Numbers of Apache Spark's ML for tests/golden/ml/spark.mlnb -> tests/data/oracle/ml_spark.csv (model, term, value).

Made with pyspark 4.0.1 on OpenJDK 17 (pip install pyspark==4.0.1; apt-get install openjdk-17-jre-headless), master local[1].
Data: tests/data/penguins/penguins.csv (rows without a null), samples/data/baskets.csv. Solvers run to tol 1e-12; nothing is drawn but
k-means' first centres (seed 1, clusters that stand apart)."""
import csv
from pathlib import Path

from pyspark.ml.classification import LogisticRegression, NaiveBayes
from pyspark.ml.clustering import KMeans
from pyspark.ml.evaluation import BinaryClassificationEvaluator, MulticlassClassificationEvaluator
from pyspark.ml.feature import PCA, StandardScaler, VectorAssembler
from pyspark.ml.regression import GeneralizedLinearRegression, LinearRegression
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

HERE = Path(__file__).resolve().parents[1]
X = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
rows = []


def put(case, term, value):
    rows.append((case, term, repr(float(value))))


def coefs(case, m, names=X):
    put(case, "(intercept)", m.intercept)
    for name, value in zip(names, m.coefficients):
        put(case, name, value)


def linear(data):
    for case, reg, mix in [("linear", 0, 0), ("ridge", 50, 0), ("lasso", 20, 1), ("elastic", 20, 0.5)]:
        m = LinearRegression(featuresCol="x", labelCol="body_mass_g", regParam=reg, elasticNetParam=mix, tol=1e-12, maxIter=10000,
                             solver="l-bfgs" if reg else "normal").fit(data)
        coefs(case, m)
        if not reg:
            for name, value in zip(X + ["(intercept)"], m.summary.coefficientStandardErrors):
                put("linear errors", name, value)


def logistic(data):
    for case, reg, mix in [("logistic", 0.01, 0), ("logistic elastic", 0.02, 0.5)]:
        m = LogisticRegression(featuresCol="x", labelCol="male", regParam=reg, elasticNetParam=mix, tol=1e-12, maxIter=10000).fit(data)
        coefs(case, m)
        scored = m.transform(data)
        put(case + " metrics", "auc", BinaryClassificationEvaluator(labelCol="male").evaluate(scored))
        for name, ours in [("accuracy", "accuracy"), ("logLoss", "log_loss")]:
            put(case + " metrics", ours, MulticlassClassificationEvaluator(labelCol="male", metricName=name).evaluate(scored))
    m = LogisticRegression(featuresCol="x", labelCol="class", regParam=0.01, tol=1e-12, maxIter=10000).fit(data)
    for c, name in enumerate(["Adelie", "Chinstrap", "Gentoo"]):
        put("multinomial", name + " (intercept)", m.interceptVector[c])
        for k, term in enumerate(X):
            put("multinomial", f"{name} {term}", m.coefficientMatrix[c, k])


def glm(data):
    for case, y, options in [("poisson", "flipper_length_mm", {"family": "poisson"}), ("gamma", "body_mass_g", {"family": "gamma", "link": "log"}),
                             ("binomial", "male", {"family": "binomial"}),
                             ("tweedie", "body_mass_g", {"family": "tweedie", "variancePower": 1.5, "linkPower": 0.0})]:
        names = X[:2]
        m = GeneralizedLinearRegression(featuresCol="two", labelCol=y, tol=1e-14, maxIter=100, **options).fit(data)
        coefs(case, m, names)
        s = m.summary
        for name, value in zip(names + ["(intercept)"], s.coefficientStandardErrors):
            put(case + " errors", name, value)
        put(case + " report", "deviance", s.deviance)
        put(case + " report", "null_deviance", s.nullDeviance)
        if case != "tweedie":
            put(case + " report", "aic", s.aic)


def others(data, spark):
    m = PCA(k=3, inputCol="x", outputCol="p").fit(data)
    for k, share in enumerate(m.explainedVariance):
        put("pca", str(k + 1), share)
    scaled = StandardScaler(withMean=True, inputCol="x", outputCol="z").fit(data).transform(data)
    k = KMeans(k=2, seed=1, featuresCol="z", tol=0, maxIter=200).fit(scaled)
    put("kmeans", "inertia", k.summary.trainingCost)
    for n in sorted(k.summary.clusterSizes):
        put("kmeans", f"size {n}", n)
    nb = NaiveBayes(modelType="gaussian", featuresCol="x", labelCol="class", smoothing=1e-12).fit(data)
    put("bayes", "accuracy", MulticlassClassificationEvaluator(labelCol="class", metricName="accuracy").evaluate(nb.transform(data)))


spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
table = spark.read.csv(str(HERE / "data/penguins/penguins.csv"), header=True, inferSchema=True, nullValue="NA").na.drop()
table = table.withColumn("male", (F.col("sex") == "male").cast("double"))
table = table.withColumn("class", F.when(F.col("species") == "Adelie", 0.0).when(F.col("species") == "Chinstrap", 1.0).otherwise(2.0))
table = VectorAssembler(inputCols=X, outputCol="x").transform(table)
table = VectorAssembler(inputCols=X[:2], outputCol="two").transform(table).cache()
put("rows", "n", table.count())
put("rows", "sd", table.select(F.stddev("body_mass_g")).first()[0])
linear(table)
logistic(table)
glm(table)
others(table, spark)
with open(HERE / "data/oracle/ml_spark.csv", "w", newline="") as out:
    w = csv.writer(out, lineterminator="\n")
    w.writerow(["model", "term", "value"])
    w.writerows(rows)
