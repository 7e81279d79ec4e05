"""Expected terms, weights and cells of text features: scikit-learn's vectorizers, and the columns of
Spark's HashingTF (MurmurHash3 x86 32, seed 42, signed, modulo) by scikit-learn's murmurhash3_32."""
import json
import os

import numpy
import sklearn
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.utils import murmurhash3_32

DOCS = [
    "The quick brown fox jumps over the lazy dog",
    "A fox, a dog; the dog & the fox!",
    "Élan vital: naïve café, CAFÉ café",
    "numbers 42 and 3.14, x_1 y2 under_score",
    "",
    "東京 タワー 東京タワー ещё раз Ещё раз",
    "never jump over the lazy dog quickly",
    "dog",
    "I a b c",
    "win cash now! win CASH prize 1000 cash",
]
CASES = {
    "plain": (TfidfVectorizer, {}),
    "bigrams": (TfidfVectorizer, {"ngram_range": (1, 2)}),
    "max": (TfidfVectorizer, {"max_features": 3}),
    "frequent": (TfidfVectorizer, {"min_df": 2, "max_df": 0.4}),
    "stop": (TfidfVectorizer, {"stop_words": "english", "sublinear_tf": True, "norm": "l1"}),
    "counts": (CountVectorizer, {"ngram_range": (2, 3)}),
    "binary": (CountVectorizer, {"binary": True}),
}

out = {"versions": {"sklearn": sklearn.__version__, "numpy": numpy.__version__}, "docs": DOCS}
for name, (cls, options) in CASES.items():
    v = cls(**options)
    x = v.fit_transform(DOCS).tocsr()
    x.sort_indices()
    out[name] = {
        "terms": [str(t) for t in v.get_feature_names_out()],
        "first": [int(i) for i in x.indptr],
        "col": [int(i) for i in x.indices],
        "value": [float(i) for i in x.data],
    }
WORDS = ["a", "b", "c", "", "spark", "Élan", "naïve café", "abcdefg", "12345678"]
out["hash"] = {w: [int(murmurhash3_32(w, seed=42)) % n for n in (10, 1024, 262144)] for w in WORDS}
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "..", "data", "oracle", "ml_text.json"), "w") as f:
    json.dump(out, f, indent=1, ensure_ascii=False)
    f.write("\n")
