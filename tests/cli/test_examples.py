"""The twelve examples of the language on the shared data: their numbers are those of DuckDB and pandas, and all of their steps run."""
import os
import sys
from pathlib import Path

from mlnbtest import ROOT, SHARED
from test_oracle import answers, compare

DATA = ROOT / "tests/data/oracle/lang_examples"
TRIPS = "trips = read(\"taxi/nyc_yellow_2019.parquet\")\n"
CLEAN = "clean = trips |> where fare_amount in 1..250, tip_amount <= 25, payment_type in [1, 2] |> derive tipped = tip_amount > 0\ntrain, test = clean |> split 0.7, 0.3, seed: 1, strata: tipped\n"
BIRTHS = "births = read(\"timeseries/us_births_2000_2014.csv\") |> derive day = date(f\"{year}-{month}-{date_of_month}\")\n"
RUN = [TRIPS + "trips |> glimpse", TRIPS + "trips |> plot tip_amount, bins: 50, title: \"Tips\"", TRIPS + "trips |> where fare_amount in 1..60, tip_amount in 0.1..20 |> plot fare_amount, tip_amount",
       TRIPS + "trips |> plot passenger_count, tip_amount, kind: box", TRIPS + "trips |> plot hour(pickup_datetime), mean(tip_amount), color: is_weekend(pickup_datetime), kind: line",
       TRIPS + CLEAN + "m = train |> fit tipped ~ scale(fare_amount) + cat(payment_type), logistic(l2: 0.01)\ntest |> evaluate m\nm |> plot kind: roc, data: test",
       BIRTHS + "births |> derive week_avg = mean(births, last: 7d) sort day |> plot day, week_avg, kind: line",
       BIRTHS + "hist, future = births |> derive w = cat(day_of_week), m = cat(month), lag7 = lag(births, 7), lag365 = lag(births, 365) sort day |> split time: day, at: @2013-01-01\n"
       "m = hist |> fit births ~ w * m + lag7 + lag365, ridge(l2: 1), nulls: drop\nfuture |> predict m |> take 3"]


def main():
    folder = Path(os.environ.get("MLNB_SHARED") or SHARED) / "data"
    if not folder.is_dir():
        print(f"Skipped: no {folder}")
        return 77
    failed = compare(DATA, folder)
    for code, got in zip(RUN, answers(RUN, DATA, folder)):
        if got["kind"] == "error" and got["code"] != "none":
            failed = 1
            print(f"{code}\n    {got['code']} {got['message']}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
